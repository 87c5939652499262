"""What a Django application does: migrations, queries, errors, introspection, changes of the schema.

It prints what it sees; the test compares that with what it prints on PostgreSQL."""
import datetime
import decimal
import os
import uuid

os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'
import django

django.setup()
from django.core.management import call_command

call_command('makemigrations', 'shop', verbosity=0)
call_command('migrate', verbosity=0)

from django.contrib.auth.models import User
from django.contrib.postgres.aggregates import ArrayAgg, StringAgg
from django.db import connection, models, transaction
from django.db.models import *
from django.db.models.functions import *
from shop.models import *

ann = Author.objects.create(name='Ann', born='1980-01-02', data={'x': [1, 2, {'y': None}]}, tags=['a', 'b'], uid=uuid.UUID(int=1))
bob = Author.objects.create(name='Bob', data={'k': 'v', 'n': 5}, tags=['b'], uid=uuid.UUID(int=2))
books = Book.objects.bulk_create([Book(
    title=f't{i}', slug=f's{i}', author=ann if i % 2 else bob, price=decimal.Decimal(i), pages=i * 10,
    published=datetime.datetime(2020, 1, 1 + i % 28, tzinfo=datetime.timezone.utc),
    took=datetime.timedelta(days=i, seconds=3)) for i in range(50)])
Book.objects.bulk_create([Book(title='z', slug='s1', author=ann, price=1, pages=3)], ignore_conflicts=True)
review = Review.objects.create(book=books[0], stars=4)
review.fans.add(ann, bob)

for query in [
    lambda: Author.objects.annotate(n=Count('books'), s=Sum('books__price'), last=Max('books__published')).order_by('name').values('name', 'n', 's', 'last'),
    lambda: Author.objects.filter(data__x__2__has_key='y').values_list('name'),
    lambda: Author.objects.filter(data__contains={'k': 'v'}).values_list('name'),
    lambda: Author.objects.filter(data__n__gt=3).values_list('name'),
    lambda: Author.objects.filter(tags__overlap=['b'], tags__len=1).values_list('name'),
    lambda: Book.objects.annotate(m=TruncMonth('published'), w=ExtractWeek('published')).values('m', 'w').annotate(c=Count('*')).order_by('m', 'w'),
    lambda: Book.objects.annotate(rn=Window(RowNumber(), partition_by='author', order_by=F('price').desc())).order_by('author_id', 'rn').values_list('title', 'rn')[:5],
    lambda: Book.objects.filter(Q(title__iregex=r'^T1\d$') | Q(title__istartswith='T4')).order_by('title').values_list('title'),
    lambda: Book.objects.annotate(u=Upper('title'), c=Concat('title', Value('-'), 'slug')).order_by('-id').values_list('u', 'c')[:3],
    lambda: Author.objects.annotate(t=StringAgg('books__title', ',', ordering='books__title'), p=ArrayAgg('books__pages', ordering='books__pages')).order_by('id').values_list('t', 'p'),
    lambda: Author.objects.filter(Exists(Book.objects.filter(author=OuterRef('pk'), price__gt=48))).values_list('name'),
    lambda: Author.objects.annotate(top=Subquery(Book.objects.filter(author=OuterRef('pk')).order_by('-price').values('title')[:1])).order_by('id').values_list('name', 'top'),
    lambda: Book.objects.order_by('author', '-price').distinct('author').values_list('author__name', 'title'),
    lambda: Book.objects.filter(pk__in=[1, 2, 3]).union(Book.objects.filter(pk__in=[3, 4])).order_by('id').values_list('id', 'title'),
    lambda: Book.objects.aggregate(Avg('price'), StdDev('price'), Variance('pages'), Min('published')).items(),
    lambda: [len(Book.objects.raw('SELECT * FROM shop_book WHERE price > %s', [30]))],
    lambda: Book.objects.dates('published', 'month'),
    lambda: Book.objects.annotate(c=Case(When(price__gt=40, then=Value('x')), default=Value('y'))).values('c').annotate(n=Count('*')).order_by('c'),
    lambda: Book.objects.annotate(t=F('took') * 2).order_by('id').values_list('t')[:3],
    lambda: [list(Book.objects.order_by('id').iterator(chunk_size=7))[-1].title],
]:
    try:
        print(list(query()))
    except Exception as e:  # some are errors on either side
        print(type(e).__name__, str(e).split('\n')[0])

with transaction.atomic():
    one = Book.objects.select_for_update(of=('self',)).select_related('author').get(slug='s3')
    one.price = F('price') + 1
    one.save()
    for bad in [dict(slug='s3', price=1), dict(slug='negative', price=-1)]:
        try:
            with transaction.atomic():
                Book.objects.create(title='q', author=ann, **bad)
        except Exception as e:
            print(type(e).__name__, str(e).split('\n')[0])
print(Book.objects.get(slug='s3').price, Book.objects.get(slug='s3').took)
print(Book.objects.filter(price__gt=40).update(pages=F('pages') * 2, title=Concat('title', Value('!'))))
print(Author.objects.filter(name='Bob').delete())
print(Author.objects.update_or_create(name='Zed', defaults={'born': '1999-09-09', 'uid': uuid.UUID(int=3)})[1])
user = User.objects.create_user('u', 'u@x.y', 'pw')
print(user.check_password('pw'), User.objects.filter(username__iexact='U').count())

with connection.cursor() as cursor:
    of = connection.introspection
    print(sorted(of.table_names()))
    print(sorted(of.get_constraints(cursor, 'shop_book').items(), key=str))
    print([tuple(f) for f in of.get_table_description(cursor, 'shop_book')], of.get_relations(cursor, 'shop_review'), of.get_sequences(cursor, 'shop_book'))
call_command('inspectdb')
call_command('dumpdata', 'shop.Author')
call_command('flush', interactive=False, verbosity=0)
print(Book.objects.count())

with connection.schema_editor() as editor:
    extra = models.IntegerField(default=7, db_index=True)
    extra.set_attributes_from_name('extra')
    editor.add_field(Book, extra)
    text = models.TextField(null=True)
    text.set_attributes_from_name('extra')
    editor.alter_field(Book, extra, text)
    editor.remove_field(Book, text)
    pages = models.BigIntegerField(default=0)
    pages.set_attributes_from_name('pages')
    pages.model = Book
    editor.alter_field(Book, Book._meta.get_field('pages'), pages)
    editor.alter_db_table(Review, 'shop_review', 'shop_opinion')
print(connection.introspection.table_names().count('shop_opinion'))
print('done')
