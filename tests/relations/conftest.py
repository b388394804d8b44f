from tests.gatherings.conftest import noon as noon
