"""What gunicorn serves: `gunicorn wsgi:app`.

Workers that are forked from here share what is here as long as nobody writes on it, and the garbage collector writes on
all that it looks at: if it did, the web processes would hold a third more memory.
"""

from marketplace.kit.freezing import here_to_stay

with here_to_stay():
    from marketplace.application import create_app
    from marketplace.kit import logs
    from marketplace.settings import Settings
    from marketplace.worker import hang_bell

    settings = Settings()
    logs.write(settings.log_format)
    app = create_app(settings)
    hang_bell(app)
