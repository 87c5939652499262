"""Settings of the Django program: the database is the one that DATABASE_* name."""
import os

SECRET_KEY = 'of a test'
INSTALLED_APPS = ['shop', 'django.contrib.postgres', 'django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions']
DATABASES = {'default': {
    'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ['DATABASE_HOST'], 'PORT': os.environ['DATABASE_PORT'],
    'NAME': os.environ['DATABASE_NAME'], 'USER': 'postgres',
}}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
USE_TZ = True
TIME_ZONE = 'UTC'
