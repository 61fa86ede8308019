"""Films are read safely and as grey values, whatever kind of file they come in."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_utils import films
from course_utils.films import FilmError
from tiny import encoded, film, png_of_size, put

GREY = film(0)


def rgba(alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([GREY, GREY, GREY, alpha]))


def test_grey_png_is_read_as_it_is():
    read = films.decode(encoded(GREY))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, GREY)


def test_grey_jpeg_is_read_nearly_as_it_is():
    assert np.abs(films.decode(encoded(GREY, "JPEG", quality=95)).astype(int) - GREY).mean() < 2


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_a_grey_film_in_a_colour_mode_keeps_its_values(mode):
    np.testing.assert_array_equal(films.decode(encoded(Image.fromarray(GREY).convert(mode))), GREY)


def test_colour_becomes_luminance():
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 200
    assert np.unique(films.decode(encoded(red))).tolist() == [round(0.299 * 200)]


def test_transparency_is_laid_on_black():
    alpha = np.full_like(GREY, 255)
    alpha[:20] = 0
    alpha[20:24] = 128
    read = films.decode(encoded(rgba(alpha)))
    assert not read[:20].any()
    np.testing.assert_allclose(read[20:24], GREY[20:24] * (128 / 255), atol=1)
    np.testing.assert_array_equal(read[24:], GREY[24:])
    np.testing.assert_array_equal(films.decode(encoded(rgba(alpha).convert("LA"))), read)


def test_palette_indices_are_not_grey_values():
    image = Image.fromarray(GREY // 128).convert("P")
    image.putpalette([10, 10, 10, 240, 240, 240] + [0] * 750)
    np.testing.assert_array_equal(films.decode(encoded(image)), np.where(GREY < 128, 10, 240))


@pytest.mark.parametrize("transparency", [1, bytes([255, 0])], ids=["one index", "table"])
def test_palette_with_a_transparent_colour(transparency):
    image = Image.fromarray(GREY // 128).convert("P")
    image.putpalette([10, 10, 10, 240, 240, 240] + [0] * 750)
    np.testing.assert_array_equal(films.decode(encoded(image, transparency=transparency)), np.where(GREY < 128, 10, 0))


def test_grey_with_a_transparent_level():
    value = int(GREY[0, 0])
    read = films.decode(encoded(GREY, transparency=value))
    np.testing.assert_array_equal(read, np.where(GREY == value, 0, GREY))


def test_one_bit_is_black_and_white():
    read = films.decode(encoded(Image.fromarray(GREY > 127)))
    np.testing.assert_array_equal(read, np.where(GREY > 127, 255, 0))


def test_cmyk_jpeg_keeps_its_brightness():
    image = Image.fromarray(GREY).convert("RGB").convert("CMYK")
    read = films.decode(encoded(image, "JPEG", quality=95))
    assert np.abs(read.astype(int) - GREY).mean() < 3


@pytest.mark.parametrize(("low", "high"), [(0, 65535), (1000, 5095), (300, 301)])
def test_sixteen_bits_are_stretched(low, high):
    values = np.round(low + (high - low) * (GREY / 255)).astype(np.uint16)
    read = films.decode(encoded(values))
    assert (read.min(), read.max()) == (0, 255)
    expected = np.round((values - values.min()) / np.ptp(values) * 255)
    np.testing.assert_array_equal(read, expected)


def test_sixteen_bits_of_one_level_are_black():
    assert not films.decode(encoded(np.full((40, 40), 7000, np.uint16))).any()


def test_animated_png_gives_its_first_picture():
    second = Image.fromarray(255 - GREY)
    data = encoded(GREY, save_all=True, append_images=[second])
    assert b"acTL" in data
    np.testing.assert_array_equal(films.decode(data), GREY)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_exif_orientation_turns_the_film(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown a quarter turn clockwise
    read = films.decode(encoded(GREY, kind, exif=exif))
    assert read.shape == GREY.shape[::-1]
    assert np.abs(read.astype(int) - np.rot90(GREY, -1)).mean() < 5


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # the filter of films.py does not reach into pytest
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    "exif", [b"\xff" * 40, b"II*\0", b"II*\0\xff\xff\xff\x7f", b"MM\0*\0\0\0\x08\xff\xff\1\x12", b""], ids=repr
)
def test_damaged_exif_does_not_cost_the_film(kind, exif):
    read = films.decode(encoded(GREY, kind, exif=b"Exif\0\0" + exif))
    assert np.abs(read.astype(int) - GREY).mean() < 5


def test_nothing_is_printed_about_damaged_exif(tmp_path):
    path = put(tmp_path / "film.jpg", encoded(GREY, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0"))
    code = "import sys; from course_utils import films; print(films.read(sys.argv[1]).shape)"
    command = [sys.executable, "-c", code, path]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert (ran.stdout, ran.stderr) == ("(48, 40)\n", "")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated_files_are_refused(kind, cut):
    data = encoded(np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8), kind)
    with pytest.raises(FilmError, match="damaged image|not a JPEG or PNG"):
        films.decode(data[: int(len(data) * cut)])


def test_damaged_pixels_are_refused():
    data = bytearray(encoded(np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)))
    data[len(data) // 2 : len(data) // 2 + 50] = bytes(50)
    with pytest.raises(FilmError, match="damaged image"):
        films.decode(bytes(data))


@pytest.mark.parametrize(
    ("size", "message"),
    [((60_000, 60_000), "more pixels in its header"), ((9000, 9000), "9000 x 9000 pixels, more than the 50 million")],
)
def test_decompression_bombs_are_refused_by_their_header(size, message):
    with pytest.raises(FilmError, match=message):
        films.decode(png_of_size(*size))


def test_a_film_too_small_to_be_one_is_refused():
    with pytest.raises(FilmError, match="40 x 31 pixels, too small"):
        films.decode(encoded(np.zeros((31, 40), np.uint8)))
    assert films.decode(encoded(np.zeros((32, 32), np.uint8))).shape == (32, 32)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "WEBP"])
def test_other_formats_are_refused(kind):
    with pytest.raises(FilmError, match="not a JPEG or PNG"):
        films.decode(encoded(GREY, kind))


@pytest.mark.parametrize("data", [b"", b"<html>404</html>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_what_is_no_image_is_refused(data):
    with pytest.raises(FilmError, match="not a JPEG or PNG|damaged image"):
        films.decode(data)


def test_the_name_of_a_file_says_nothing(tmp_path):
    np.testing.assert_array_equal(films.read(put(tmp_path / "png.jpg", GREY)), GREY)
    with pytest.raises(FilmError, match=r"gif\.png: not a JPEG or PNG"):
        films.read(put(tmp_path / "gif.png", encoded(GREY, "GIF")))


@pytest.mark.parametrize("name", ["Thorax Müller 肺.png", "a" * 200 + ".png", "no suffix", "back\\slash.png"])
def test_odd_names(tmp_path, name):
    if os.name == "nt" and "\\" in name:
        pytest.skip("no name on Windows")
    np.testing.assert_array_equal(films.read(put(tmp_path / name, GREY)), GREY)


def test_a_huge_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path.name} was read"))
    with open(tmp_path / "huge.png", "wb") as file:
        file.write(encoded(GREY))
        file.truncate(films.MAX_BYTES + 1)
    with pytest.raises(FilmError, match=r"huge\.png: 64 MiB, more than the 64 MiB"):
        films.read(tmp_path / "huge.png")


@pytest.mark.parametrize("what", ["missing", "folder", "circle", "fifo", "device", "long", "nul"])
def test_what_is_no_file_is_refused(tmp_path, what):
    path = tmp_path / "film.png"
    if os.name == "nt" and what in ("circle", "fifo", "device"):
        pytest.skip("needs POSIX")
    if what == "folder":
        path.mkdir()
    elif what == "circle":
        path.symlink_to(path)
    elif what == "fifo":
        os.mkfifo(path)  # reading it would wait for ever
    elif what == "device":
        path = Path("/dev/zero")
    elif what == "long":
        path = tmp_path / ("x" * 5000)
    elif what == "nul":
        path = tmp_path / "fi\0lm.png"
    with pytest.raises(FilmError, match="not a file|cannot be read"):
        films.read(path)


def test_a_file_that_has_changed_is_refused(tmp_path):
    path = put(tmp_path / "film.png", GREY)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    np.testing.assert_array_equal(films.read(path, digest), GREY)
    put(path, film(1))
    with pytest.raises(FilmError, match=r"film\.png: has changed since the manifest was made"):
        films.read(path, digest)


def test_resize_and_thumbnail_keep_mean_and_place():
    small = films.thumbnail(np.kron(GREY, np.ones((4, 4), np.uint8)))
    assert small.shape == (films.THUMBNAIL, films.THUMBNAIL)
    assert abs(small.mean() - GREY.mean()) < 1
    wide = np.zeros((100, 200), np.uint8)
    wide[:, :100] = 200
    resized = films.resize(wide, 64)
    assert resized.shape == (64, 64)
    assert (resized[:, :30] == 200).all()
    assert not resized[:, 34:].any()


def test_the_pixel_hash_is_of_the_pixels_alone():
    as_rgb = films.decode(encoded(Image.fromarray(GREY).convert("RGB"), compress_level=1))
    assert films.pixel_hash(as_rgb) == films.pixel_hash(GREY)
    assert films.pixel_hash(np.asfortranarray(GREY)) == films.pixel_hash(GREY)
    changed = GREY.copy()
    changed[5, 5] ^= 1
    flat = np.zeros((40, 60), np.uint8)
    assert films.pixel_hash(changed) != films.pixel_hash(GREY)
    assert films.pixel_hash(flat) != films.pixel_hash(flat.reshape(60, 40))
