from tests.gatherings.conftest import hana as hana
from tests.gatherings.conftest import ken as ken
from tests.gatherings.conftest import noon as noon
