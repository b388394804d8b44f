"""An order in django-oscar: page of the product, basket, a guest's address, payment, preview, page of the order.

It is a framework: the shop is one file of settings with its own urls, the least that its documents ask for, and the
checkout that comes with it (https://docs.oscarcommerce.com, "Building your own shop").
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from benchmarks.browser import Browser, Page
from benchmarks.peers.shops import BUYERS, assert_placed, installed, rounds_of, run, send, served
from benchmarks.places import database

WANTED = ("django-oscar[sorl-thumbnail]==4.2.1", "gunicorn", "psycopg2-binary")
SETTINGS = """
import os
from oscar.defaults import *

HERE = os.environ["SHOP_DIR"]
SECRET_KEY = "a benchmark's secret, long enough for anybody"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {"default": {
    "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["SHOP_NAME"], "USER": os.environ["SHOP_USER"],
    "PASSWORD": os.environ["SHOP_PASSWORD"], "HOST": os.environ["SHOP_HOST"], "PORT": os.environ["SHOP_PORT"],
    "ATOMIC_REQUESTS": True, "CONN_MAX_AGE": None,
}}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1
USE_TZ = True
LANGUAGE_CODE = "en-gb"
STATIC_URL, MEDIA_URL = "/static/", "/media/"
STATIC_ROOT, MEDIA_ROOT = HERE + "/static", HERE + "/media"
ROOT_URLCONF, WSGI_APPLICATION = "shop_urls", "shop_wsgi.application"
AUTHENTICATION_BACKENDS = ["oscar.apps.customer.auth_backends.EmailBackend"]
OSCAR_DEFAULT_CURRENCY = "JPY"
OSCAR_ALLOW_ANON_CHECKOUT = True
OSCAR_INITIAL_ORDER_STATUS = OSCAR_INITIAL_LINE_STATUS = "Pending"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    "django.contrib.staticfiles", "django.contrib.sites", "django.contrib.flatpages", "oscar.config.Shop",
    "oscar.apps.analytics.apps.AnalyticsConfig", "oscar.apps.checkout.apps.CheckoutConfig",
    "oscar.apps.address.apps.AddressConfig", "oscar.apps.shipping.apps.ShippingConfig",
    "oscar.apps.catalogue.apps.CatalogueConfig", "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.communication.apps.CommunicationConfig", "oscar.apps.partner.apps.PartnerConfig",
    "oscar.apps.basket.apps.BasketConfig", "oscar.apps.payment.apps.PaymentConfig",
    "oscar.apps.offer.apps.OfferConfig", "oscar.apps.order.apps.OrderConfig",
    "oscar.apps.customer.apps.CustomerConfig", "oscar.apps.search.apps.SearchConfig",
    "oscar.apps.voucher.apps.VoucherConfig", "oscar.apps.wishlists.apps.WishlistsConfig",
    "oscar.apps.dashboard.apps.DashboardConfig", "oscar.apps.dashboard.reports.apps.ReportsDashboardConfig",
    "oscar.apps.dashboard.users.apps.UsersDashboardConfig", "oscar.apps.dashboard.orders.apps.OrdersDashboardConfig",
    "oscar.apps.dashboard.catalogue.apps.CatalogueDashboardConfig",
    "oscar.apps.dashboard.offers.apps.OffersDashboardConfig",
    "oscar.apps.dashboard.partners.apps.PartnersDashboardConfig",
    "oscar.apps.dashboard.pages.apps.PagesDashboardConfig", "oscar.apps.dashboard.ranges.apps.RangesDashboardConfig",
    "oscar.apps.dashboard.reviews.apps.ReviewsDashboardConfig",
    "oscar.apps.dashboard.vouchers.apps.VouchersDashboardConfig",
    "oscar.apps.dashboard.communications.apps.CommunicationsDashboardConfig",
    "oscar.apps.dashboard.shipping.apps.ShippingDashboardConfig",
    "widget_tweaks", "haystack", "treebeard", "sorl.thumbnail", "django_tables2",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware", "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware", "django.middleware.common.CommonMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.template.context_processors.i18n", "django.template.context_processors.media",
        "django.template.context_processors.static", "django.contrib.messages.context_processors.messages",
        "oscar.apps.search.context_processors.search_form", "oscar.apps.checkout.context_processors.checkout",
        "oscar.apps.communication.notifications.context_processors.notifications",
        "oscar.core.context_processors.metadata",
    ]},
}]
LOGGING = {
    "version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING", "handlers": ["console"]},
    "handlers": {"console": {"class": "logging.StreamHandler"}},
}
"""
URLS = """
from django.apps import apps
from django.urls import include, path
urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
if "SHOP_WITHOUT_LETTERS" in __import__("os").environ:
    from oscar.apps.checkout.mixins import OrderPlacementMixin
    OrderPlacementMixin.send_order_placed_email = lambda self, order: None
"""
WSGI = """
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""
SHOP = """
from decimal import Decimal
from oscar.core.loading import get_model
def make(office, model, **given):
    return get_model(office, model).objects.create(**given)
kind = make("catalogue", "ProductClass", name="Right", requires_shipping=False, track_stock=True)
town = make("partner", "Partner", name="Town")
for number in range(20):
    right = make("catalogue", "Product", title=f"Right {number}", product_class=kind, slug=f"right-{number}")
    make(
        "partner", "StockRecord", product=right, partner=town, partner_sku=f"right-{number}",
        price=Decimal(3000), price_currency="JPY", num_in_stock=100_000,
    )
"""
PEOPLE = """
from datetime import timedelta
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils.timezone import now
for number in {buyers}:
    person = get_user_model().objects.create_user(f"buyer-{{number}}", f"buyer-{{number}}@example.jp")
    held = {{
        SESSION_KEY: str(person.pk), HASH_SESSION_KEY: person.get_session_auth_hash(),
        BACKEND_SESSION_KEY: "oscar.apps.customer.auth_backends.EmailBackend",
    }}
    Session.objects.create(
        session_key=f"session-of-{{number}}", session_data=SessionStore().encode(held),
        expire_date=now() + timedelta(days=1),
    )
"""


def costs() -> list[float]:
    """CPU-milliseconds of one order, a figure for each round, in a shop of twenty products."""
    return _costs(buy)


def costs_placed() -> list[float]:
    """The same without a letter, and of people who are signed in."""
    return _costs(place, PEOPLE.format(buyers=BUYERS), SHOP_WITHOUT_LETTERS="1")


def _costs(buy: Callable[[int, str], None], more: str = "", **env_too: str) -> list[float]:
    python = installed("oscar", *WANTED)
    with database("postgresql", lasting=True) as url, tempfile.TemporaryDirectory() as folder:
        env = {**configured(sa.make_url(url), Path(folder)), **env_too}
        run([str(python), "-m", "django", "migrate"], env)
        run([str(python), "-m", "django", "shell", "-c", SHOP + more], env)
        with served(python, "shop_wsgi", "catalogue/", env) as shop:
            measured = rounds_of(shop, buy)
        assert_placed(url, "SELECT count(*) FROM order_order WHERE total_incl_tax = 3000 AND currency = 'JPY'")
    return measured


def configured(url: sa.URL, folder: Path) -> dict[str, str]:
    for name, text in {"shop_settings": SETTINGS, "shop_urls": URLS, "shop_wsgi": WSGI}.items():
        (folder / f"{name}.py").write_text(text)
    return {
        **os.environ,
        "PYTHONPATH": str(folder),
        "DJANGO_SETTINGS_MODULE": "shop_settings",
        "SHOP_DIR": str(folder),
        "SHOP_NAME": url.database or "",
        "SHOP_USER": url.username or "",
        "SHOP_PASSWORD": url.password or "",
        "SHOP_HOST": url.host or str(url.query.get("host", "")),
        "SHOP_PORT": str(url.port or ""),
    }


def buy(port: int, number: str) -> None:
    """What a guest's browser does, from the page of the product to the page of the order."""
    browser = Browser(port)
    fill_basket(browser)
    gateway = browser.get("/checkout/")
    mail = f"buyer-{number}@example.jp"
    check_out(browser, send(browser, gateway, "/checkout/", username=mail, options="anonymous"))


def place(port: int, number: str) -> None:
    """The same of somebody who is signed in."""
    browser = Browser(port, sessionid=f"session-of-{number}")
    fill_basket(browser)
    check_out(browser, browser.follow(browser.get("/checkout/")))


def fill_basket(browser: Browser) -> None:
    product = browser.get("/catalogue/right-0_1/")
    basket = send(browser, product, "/basket/add/1/", quantity="1", next="/basket/")
    assert "Right 0" in basket.text, basket


def check_out(browser: Browser, payment: Page) -> None:
    """From the page of payment, which asks for nothing, to the page of the order."""
    assert "/checkout/preview/" in payment.text, payment
    done = send(browser, browser.get("/checkout/preview/"), "/checkout/preview/", action="place_order")
    assert "Your order has been placed" in done.text, done
    browser.close()
