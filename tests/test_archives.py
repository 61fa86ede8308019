"""COURSE_DATA chooses archives, and their tables are read in every schema and encoding that they were published in."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course_utils import archives, splits
from tiny import ACTUALMED, COHEN, FIGURE1, cohen, film, kermany, put, table

XRAY = Path(__file__).resolve().parents[2] / "shared" / "xray"
real = pytest.mark.skipif(not XRAY.is_dir(), reason=f"the real X-rays are not here ({XRAY.parent.name}/{XRAY.name})")


# COURSE_DATA


@pytest.mark.parametrize(
    ("chosen", "name"), [("", "simulated"), ("simulated", "simulated"), ("published", "published")]
)
def test_the_source_is_named(monkeypatch, chosen, name):
    monkeypatch.setenv("COURSE_DATA", chosen)
    assert archives.source() == name
    monkeypatch.delenv("COURSE_DATA")
    assert archives.source() == "simulated"


def test_a_folder_is_a_source(tmp_path, monkeypatch):
    cohen(tmp_path / "my films", {})
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "my films"))
    assert archives.source() == "my films"
    assert archives.root() == (tmp_path / "my films").resolve()
    assert len(archives.rows()) == 1


def test_a_missing_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "typo"))
    with pytest.raises(FileNotFoundError, match=r"typo.*there is no folder.*covid-chestxray-dataset.*unset it"):
        archives.root()


def test_a_file_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(put(tmp_path / "films.zip", b"")))
    with pytest.raises(FileNotFoundError, match=r"films\.zip.*there is no folder"):
        archives.root()


def test_a_folder_without_archives_is_refused(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="holds none of covid-chestxray-dataset.*parent folder"):
        archives.root()
    with pytest.raises(FileNotFoundError, match="holds none of"):
        archives.rows(tmp_path)


def test_an_unreadable_folder_is_refused(tmp_path, monkeypatch):
    cohen(tmp_path / "films", {})
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "films"))
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        (tmp_path / "films").chmod(0)
    else:  # nothing is unreadable for root
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    try:
        with pytest.raises(PermissionError, match="COURSE_DATA=.*you may not read"):
            archives.root()
    finally:
        (tmp_path / "films").chmod(0o700)


def test_published_says_that_it_is_still_to_come(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "published")
    with pytest.raises(NotImplementedError, match="cannot download the archives yet.*set COURSE_DATA to that folder"):
        archives.root()


# The first archive


def test_every_column_of_the_first_archive(tmp_path):
    cohen(
        tmp_path,
        {"patientid": "2", "finding": "COVID-19, ARDS", "view": "AP Supine", "sex": "M", "age": "65", "offset": "-3",
         "url": "https://www.eurorad.org/case/1", "license": "CC BY 3.0", "filename": "a.png"},
        {"patientid": "313b", "finding": "todo", "modality": "CT", "view": "Axial", "folder": "volumes",
         "filename": "b.nii.gz"},
        films=False,
    )  # fmt: skip
    read = archives.rows(tmp_path)
    assert list(read.columns) == list(archives.COLUMNS)
    home = archives.COHEN
    assert read.iloc[0].to_dict() == {
        "archive": home, "row": 2, "filename": "a.png", "path": f"{home}/images/a.png", "finding": "COVID-19, ARDS",
        "label": "covid", "modality": "X-ray", "view": "AP Supine", "patient_id": f"{home}/2", "offset": -3.0,
        "sex": "M", "age": 65.0, "licence": "CC BY 3.0", "origin": "eurorad.org",
    }  # fmt: skip
    second = read.iloc[1]
    assert (second.row, second.path, second.patient_id) == (3, f"{home}/volumes/b.nii.gz", f"{home}/313b")
    assert second[["label", "sex", "licence", "origin"]].tolist() == [None] * 4
    assert np.isnan(second.age) and np.isnan(second.offset)


def test_what_is_no_number_or_sex_is_unknown(tmp_path):
    read = archives.rows(cohen(tmp_path, {"age": "50+", "offset": "?", "sex": "?"}, films=False))
    assert read[["age", "offset"]].isna().all(axis=None)
    assert read.loc[0, "sex"] is None


def test_blank_cells_are_none(tmp_path):
    blank = dict.fromkeys(COHEN, " ")
    read = archives.rows(cohen(tmp_path, {}, blank | {"sex": "F"}, films=False)).iloc[1]
    for column in ("filename", "path", "finding", "label", "view", "patient_id", "licence", "origin"):
        assert read[column] is None, column
    assert (read.row, read.sex) == (3, "F")


def test_the_schema_of_march_2020(tmp_path):
    names = "Patientid,offset,sex,age,finding,survival,view,date,location,filename,doi, url,license,notes"
    lines = [
        "2,0,M,65,COVID-19,Y,PA,,,a.jpg,,https://radiopaedia.org/1,CC BY,",
        "3,0,F,,ARDS,,CT,,,b.jpg,,,,",
        "4,,,,COVID-19,,Coronal,,,c.jpg,,,,",
    ]
    put(tmp_path / archives.COHEN / "metadata.csv", "\n".join([names, *lines]).encode())
    read = archives.rows(tmp_path)
    assert read["modality"].tolist() == ["X-ray", "CT", "CT"]
    assert read["label"].tolist() == ["covid", "other", "covid"]
    assert read["path"].tolist() == [f"{archives.COHEN}/images/{name}.jpg" for name in "abc"]
    assert read["origin"].tolist() == ["radiopaedia.org", None, None]
    assert read["patient_id"].tolist() == [f"{archives.COHEN}/{number}" for number in "234"]


def test_the_schema_without_url_licence_and_more(tmp_path):
    put(tmp_path / archives.COHEN / "metadata.csv", b"Patientid,finding,view,filename\n1,SARS,PA,a.jpg\n")
    read = archives.rows(tmp_path).iloc[0]
    assert (read.label, read.modality, read.origin, read.licence, read.sex) == ("viral", "X-ray", None, None, None)
    assert np.isnan(read.age)


def test_the_schema_of_later_versions(tmp_path):
    names = "patientid,offset,sex,age,finding,RT_PCR_positive,survival,view,modality,date,folder,filename,url,license"
    lines = [
        "2,0,M,65,Pneumonia/Viral/COVID-19,Y,Y,PA,X-ray,,images,a.jpg,,",
        "9,0,M,65,Pneumonia/Fungal/Pneumocystis,,Y,PA,X-ray,,images,b.jpg,,",
        "10,,,,No Finding,Unclear,,L,X-ray,,images,c.jpg,,",
        "11,,,,Unknown,,,Axial,CT,,volumes,d.nii.gz,,",
    ]
    put(tmp_path / archives.COHEN / "metadata.csv", "\n".join([names, *lines]).encode())
    read = archives.rows(tmp_path)
    assert read["label"].tolist() == ["covid", "other", "normal", None]
    assert read["modality"].tolist() == ["X-ray", "X-ray", "X-ray", "CT"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_every_encoding_is_read(tmp_path, encoding):
    url = {"url": "https://www.müller.de/x", "license": "© Müller, 38 °C"}
    if encoding in ("utf-16-le", "utf-16-be"):  # Python writes no byte order mark here, spreadsheets do
        cohen(tmp_path, url, films=False)
        path = tmp_path / archives.COHEN / "metadata.csv"
        path.write_bytes(("\ufeff" + path.read_text(encoding="utf-8")).encode(encoding))
    else:
        cohen(tmp_path, url, films=False, encoding=encoding)
    read = archives.rows(tmp_path).iloc[0]
    assert (read.licence, read.origin, read.patient_id) == (url["license"], "müller.de", f"{archives.COHEN}/0")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(tmp_path, ending):
    text = ["patientid,finding,view,filename", "1,SARS,PA,a.jpg", '2,"COVID-19, ARDS",AP,b.jpg', ""]
    put(tmp_path / archives.COHEN / "metadata.csv", ending.join(text).encode())
    assert archives.rows(tmp_path)["finding"].tolist() == ["SARS", "COVID-19, ARDS"]


@pytest.mark.parametrize("column", ["patientid", "finding", "view", "filename"])
def test_a_missing_column_is_refused_with_file_and_column(tmp_path, column):
    row = {key: value for key, value in COHEN.items() if key != column}
    table(tmp_path / archives.COHEN / "metadata.csv", [row])
    with pytest.raises(ValueError, match=rf"metadata\.csv: no column '{column}'"):
        archives.rows(tmp_path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"metadata\.csv: no column 'patientid'"),
        (b"\xef\xbb\xbf", r"metadata\.csv: no column 'patientid'"),
        (b"\xff\xfea", r"metadata\.csv: not a readable CSV table"),
        (b'patientid,finding,view,filename\n1,"COVID-19,PA,a.jpg\n', r"metadata\.csv: not a readable CSV table"),
        (b"patientid;finding;view;filename\n1;COVID-19;PA;a.jpg\n", r"no column 'patientid'"),
        (b"patientid,finding,view,filename\n1,COVID-19,PA,a.jpg,extra\n", r"metadata\.csv, row 2: 5 fields for 4"),
        (b"patientid,finding,view,filename\n\n1,SARS,PA,a.jpg\n1,COVID-19,PA,a,b\n", r"row 4: 5 fields for 4"),
    ],
    ids=["empty", "only a mark", "half a letter", "open quote", "semicolons", "long first row", "long row"],
)
def test_a_table_that_is_none_is_refused(tmp_path, data, message):
    put(tmp_path / archives.COHEN / "metadata.csv", data)
    with pytest.raises(ValueError, match=message):
        archives.rows(tmp_path)


@pytest.mark.parametrize("name", [archives.COHEN, archives.FIGURE1, archives.ACTUALMED])
def test_an_archive_without_its_table_is_refused(tmp_path, name):
    put(tmp_path / name / "images" / "a.png", film(0))
    with pytest.raises(ValueError, match=rf"{name}.metadata\.csv: missing"):
        archives.rows(tmp_path)


def test_short_and_blank_rows_and_surplus_commas(tmp_path):
    lines = ["patientid,finding,view,filename,age", "1,SARS,PA,a.jpg", "", ",,,,", "2,COVID-19,AP,b.jpg,50,,"]
    put(tmp_path / archives.COHEN / "metadata.csv", "\n".join([*lines, "", ""]).encode())
    read = archives.rows(tmp_path)
    assert read["row"].tolist() == [2, 5]  # as a spreadsheet numbers them
    assert read["label"].tolist() == ["viral", "covid"]
    assert np.isnan(read.loc[0, "age"]) and read.loc[1, "age"] == 50


def test_a_table_without_rows_is_empty(tmp_path):
    put(tmp_path / archives.COHEN / "metadata.csv", b"patientid,finding,view,filename\n")
    read = archives.rows(tmp_path)
    assert list(read.columns) == list(archives.COLUMNS)
    assert read.empty


def test_a_column_that_comes_twice_is_read_once(tmp_path):
    put(tmp_path / archives.COHEN / "metadata.csv", b"Patientid,finding,view,filename,patientid\n1,SARS,PA,a.jpg,9\n")
    assert archives.rows(tmp_path)["patient_id"].tolist() == [f"{archives.COHEN}/1"]


# The other archives


def test_the_second_archive_is_read_from_its_folders(tmp_path):
    names = [
        "train/NORMAL/IM-0115-0001.jpeg", "train/NORMAL/NORMAL2-IM-0115-0001.jpeg", "val/NORMAL/odd.v2.JPEG",
        "train/PNEUMONIA/person7_bacteria_20.jpeg", "test/PNEUMONIA/person7_virus_21.jpeg",
        "test/PNEUMONIA/person70_virus_1.jpeg", "val/PNEUMONIA/person8_2.jpeg", "test/NORMAL/._IM-0001-0001.jpeg",
    ]  # fmt: skip
    kermany(tmp_path, *names)
    put(tmp_path / archives.KERMANY / "train" / "NORMAL" / ".DS_Store", b"")
    put(tmp_path / archives.KERMANY / "extra" / "NORMAL" / "IM-0200-0001.jpeg", b"")
    read = archives.rows(tmp_path).set_index("path")
    assert sorted(read.index) == sorted(f"chest_xray/{name}" for name in names)
    read.index = read.index.str.removeprefix("chest_xray/")
    assert read["label"].loc[names].tolist() == [
        "normal", "normal", "normal", "bacterial", "viral", "viral", "other", "normal",
    ]  # fmt: skip
    assert read["patient_id"].str.removeprefix("chest_xray/").loc[names].tolist() == [
        "IM-0115", "IM-0115", "odd.v2", "person7", "person7", "person70", "person8", "._IM-0001-0001",
    ]  # fmt: skip
    assert set(read["view"]) == {"AP"} and set(read["licence"]) == {"CC BY 4.0"} and set(read["row"]) == {None}


def test_the_order_of_files_on_disk_does_not_matter(tmp_path):
    names = [f"train/NORMAL/IM-{n:04d}-0001.jpeg" for n in range(8)]
    kermany(tmp_path / "a", *names)
    kermany(tmp_path / "b", *names[::-1])
    pd.testing.assert_frame_equal(archives.rows(tmp_path / "a"), archives.rows(tmp_path / "b"))
    assert archives.rows(tmp_path / "a")["filename"].tolist() == [name.rpartition("/")[2] for name in names]


def test_a_second_archive_without_films_is_refused(tmp_path):
    kermany(tmp_path, "chest_xray/train/NORMAL/IM-0001-0001.jpeg")  # unpacked one folder too deep
    with pytest.raises(ValueError, match=r"chest_xray: no image in \{train,val,test\}/\{NORMAL,PNEUMONIA\}"):
        archives.rows(tmp_path)


def test_the_third_archive_names_no_files_and_has_letters_for_films(tmp_path):
    rows = [
        FIGURE1 | {"patientid": "COVID-00003b", "age": "early 40s", "view": "", "notes": "38 °C"},
        FIGURE1 | {"patientid": "COVID-00003a", "finding": ""},
        FIGURE1 | {"patientid": "COVID-00004", "finding": "No finding", "view": "AP erect"},
        FIGURE1 | {"patientid": ""},
    ]
    table(tmp_path / archives.FIGURE1 / "metadata.csv", rows, "latin-1")
    put(tmp_path / archives.FIGURE1 / "images" / "COVID-00003b.png", film(0))
    read = archives.rows(tmp_path)
    assert read["patient_id"].tolist()[:3] == [f"{archives.FIGURE1}/COVID-{n}" for n in ("00003", "00003", "00004")]
    assert read["filename"].tolist() == ["COVID-00003b.png", "COVID-00003a.jpg", "COVID-00004.jpg", None]
    assert read["label"].tolist() == ["covid", None, "normal", "covid"]
    assert read["view"].tolist() == [None, "PA", "AP erect", "PA"]
    assert read.loc[3, ["patient_id", "path"]].tolist() == [None, None]


def test_the_fourth_archive_names_its_files_otherwise(tmp_path):
    rows = [
        ACTUALMED | {"patientid": "CR.1.2", "imagename": "CR.1.2.png"},
        ACTUALMED | {"patientid": "DX.7", "imagename": "DX.7.png", "finding": "No finding", "view": "AP"},
        ACTUALMED | {"patientid": "DX.8", "imagename": "DX.8.png", "finding": ""},
        ACTUALMED | {"patientid": "DX.9", "imagename": "DX.9.png", "finding": "Inconclusive"},
    ]
    table(tmp_path / archives.ACTUALMED / "metadata.csv", rows)
    read = archives.rows(tmp_path)
    assert read["path"].tolist() == [f"{archives.ACTUALMED}/images/{row['imagename']}" for row in rows]
    assert read["label"].tolist() == ["covid", "normal", None, None]
    assert read["patient_id"].tolist()[0] == f"{archives.ACTUALMED}/CR.1.2"
    assert read[["age", "offset"]].isna().all(axis=None)


def test_all_four_archives_make_one_table(tmp_path):
    cohen(tmp_path, {"age": "50"}, films=False)
    kermany(tmp_path, "train/NORMAL/IM-0001-0001.jpeg")
    table(tmp_path / archives.FIGURE1 / "metadata.csv", [FIGURE1])
    table(tmp_path / archives.ACTUALMED / "metadata.csv", [ACTUALMED])
    read = archives.rows(tmp_path)
    assert archives.present(tmp_path) == read["archive"].tolist() == list(archives.NAMES)
    assert read["patient_id"].is_unique
    assert read["age"].tolist()[0] == 50 and read["age"].isna().sum() == 3


def test_files_that_no_row_names_are_listed(tmp_path):
    cohen(tmp_path, {}, {})
    images = tmp_path / archives.COHEN / "images"
    for name in ("warning.jpg", "Ünlisted.PNG", "notes.txt"):
        put(images / name, b"")
    unlisted = archives.unlisted(tmp_path, archives.rows(tmp_path))
    assert unlisted == [f"{archives.COHEN}/images/{name}" for name in ("warning.jpg", "Ünlisted.PNG")]


# The published table, whole


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return archives.rows(XRAY).query("archive == @archives.COHEN")


@real
def test_figures_of_the_published_table(published):
    frontal = published[(published.modality == "X-ray") & published.view.isin(["PA", "AP", "AP Supine"])]
    covid = frontal[frontal.label == "covid"]
    assert len(published) == 751
    assert (len(covid), covid.patient_id.nunique()) == (434, 262)
    assert len(published[(published.finding == "COVID-19") & (published.view == "PA")]) == 206
    assert (published.finding == "todo").sum() == 78
    assert published[published.finding == "todo"].label.isna().all()
    assert (published.modality == "CT").sum() == 84


@real
def test_patients_in_both_classes_of_the_published_table(published):
    def both(rows):
        classes = [set(rows[rows.label == label].patient_id) for label in ("covid", "normal")]
        return sorted(p.split("/")[1] for p in set.intersection(*classes))

    frontal = published[(published.modality == "X-ray") & published.view.isin(["PA", "AP", "AP Supine"])]
    assert both(frontal) == ["173", "223", "252", "270", "313b", "315", "316", "318", "325"]
    assert len(both(published)) == 14


@real
def test_a_naive_split_of_the_published_table_leaks(published):
    frontal = published[(published.modality == "X-ray") & published.view.isin(["PA", "AP", "AP Supine"])]
    covid = frontal[frontal.label == "covid"].assign(image_id=lambda t: t.path + t.row.astype(str))
    shares = [splits.leaked(splits.naive(covid, seed)).mean() for seed in range(50)]
    assert np.mean(shares) == pytest.approx(0.57, abs=0.02)
