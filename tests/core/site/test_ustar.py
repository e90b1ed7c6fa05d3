import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.site.ustar import END, folder, member

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=90).filter(
    lambda name: name.strip(".")
)


@given(st.dictionaries(NAMES, st.binary(max_size=1500)), st.sampled_from([0o600, 0o640, 0o700]))
def test_any_tar_reads_what_was_put_in(files: dict[str, bytes], mode: int) -> None:
    packed = [folder("d", 0o750), *(member(f"d/{n}", data, mode) for n, data in files.items())]
    with tarfile.open(fileobj=io.BytesIO(b"".join([*packed, END])), mode="r:") as tar:
        first, *others = tar.getmembers()
        assert (first.name, first.isdir(), first.mode) == ("d", True, 0o750)
        read = {one.name: tar.extractfile(one) for one in others}
        assert all(one.isreg() and one.mode == mode for one in others)
        assert {n: f.read() for n, f in read.items() if f} == {
            f"d/{name}": data for name, data in files.items()
        }


def test_a_name_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        member("x" * 101, b"", 0o600)
