"""Every finding of the four archives, in every version of their tables, gets its label."""

import pytest

from course_utils import labels

JUNE_2020 = {
    "COVID-19": "covid",
    "COVID-19, ARDS": "covid",
    "No Finding": "normal",
    "Pneumocystis": "other",
    "Streptococcus": "bacterial",
    "SARS": "viral",
    "Pneumonia": "other",
    "Klebsiella": "bacterial",
    "Mycoplasma Bacterial Pneumonia": "bacterial",
    "Legionella": "bacterial",
    "Lipoid": "other",
    "Varicella": "viral",
    "ARDS": "other",
    "E.Coli": "bacterial",
    "Bacterial": "bacterial",
    "Chlamydophila": "bacterial",
    "Influenza": "viral",
    "todo": None,
}
LATER = {
    "Pneumonia/Viral/COVID-19": "covid",
    "Pneumonia/Viral/SARS": "viral",
    "Pneumonia/Viral/MERS-CoV": "viral",
    "Pneumonia/Viral/Varicella": "viral",
    "Pneumonia/Viral/Influenza": "viral",
    "Pneumonia/Viral/Influenza/H1N1": "viral",
    "Pneumonia/Viral/Herpes": "viral",
    "Pneumonia/Viral": "viral",
    "Pneumonia/Bacterial": "bacterial",
    "Pneumonia/Bacterial/Streptococcus": "bacterial",
    "Pneumonia/Bacterial/Klebsiella": "bacterial",
    "Pneumonia/Bacterial/Legionella": "bacterial",
    "Pneumonia/Bacterial/Mycoplasma": "bacterial",
    "Pneumonia/Bacterial/Nocardia": "bacterial",
    "Pneumonia/Bacterial/E.Coli": "bacterial",
    "Pneumonia/Bacterial/Staphylococcus/MRSA": "bacterial",
    "Pneumonia/Bacterial/Chlamydophila": "bacterial",
    "Pneumonia/Fungal/Pneumocystis": "other",
    "Pneumonia/Fungal/Aspergillosis": "other",
    "Pneumonia/Lipoid": "other",
    "Pneumonia/Aspiration": "other",
    "Pneumonia": "other",
    "Tuberculosis": "bacterial",
    "No Finding": "normal",
    "Unknown": None,
    "todo": None,
}
OTHER_ARCHIVES = {
    "NORMAL": "normal",
    "bacteria": "bacterial",
    "virus": "viral",
    "PNEUMONIA": "other",
    "No finding": "normal",
    "COVID-19": "covid",
    "Inconclusive": None,
    "": None,
    " ": None,
    None: None,
}


@pytest.mark.parametrize("version", [JUNE_2020, LATER, OTHER_ARCHIVES], ids=["June 2020", "later", "other archives"])
def test_every_finding_has_its_label(version):
    assert {finding: labels.from_finding(finding) for finding in version} == version


def test_case_and_blanks_around_do_not_matter():
    assert [labels.from_finding(f) for f in (" covid-19 ", "NO FINDING", "Todo")] == ["covid", "normal", None]


def test_a_word_inside_a_word_is_no_finding():
    assert labels.from_finding("Commerson") == "other"  # holds "mers"


def test_labels_are_those_of_the_course():
    found = {labels.from_finding(f) for f in [*JUNE_2020, *LATER, *OTHER_ARCHIVES]}
    assert found - {None} == set(labels.LABELS)
