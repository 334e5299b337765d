"""What holds for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from support.certificates import Authority

# how long an example takes says more of the machine than of what is tested
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let an authority of the tests' own be all that the system trusts: reading a system's hundred takes 30 ms."""
    folder = tmp_path_factory.mktemp("authorities")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(Authority(folder).file))
        patch.setenv("SSL_CERT_DIR", str(folder))
        yield
