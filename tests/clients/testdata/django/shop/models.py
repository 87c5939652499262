import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100, db_index=True)
    born = models.DateField(null=True)
    data = models.JSONField(default=dict)
    tags = ArrayField(models.CharField(max_length=20), default=list)
    uid = models.UUIDField(default=uuid.uuid4, unique=True)


class Book(models.Model):
    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name='books')
    price = models.DecimalField(max_digits=8, decimal_places=2)
    published = models.DateTimeField(null=True)
    pages = models.PositiveIntegerField(default=0)
    took = models.DurationField(null=True)
    blob = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(check=models.Q(price__gte=0), name='price_pos'),
            models.UniqueConstraint(fields=['title', 'author'], name='uniq_t_a', condition=models.Q(pages__gt=0)),
        ]
        indexes = [models.Index(fields=['-published', 'title'], name='by_date')]


class Review(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    stars = models.SmallIntegerField()
    fans = models.ManyToManyField(Author)
