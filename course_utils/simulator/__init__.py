"""A procedural chest radiograph: one film from a patient, a disease, a site and an exposure.

    patient = draw_patient(rng)
    disease = draw_disease(rng, "covid", patient)
    site = SITES["hannover"]
    exposure = draw_exposure(rng, site, patient, view="PA")
    film = render(patient, disease, site, exposure, size=256)

Lengths in cm, attenuation in 1/cm, energies in keV. Simulated films are for teaching, never clinical.
"""

import importlib

from .devices import DEVICES, IMPLANTS
from .disease import KINDS, Disease, Patch, draw_disease
from .exposure import VIEWS, Exposure, draw_exposure
from .film import PARTS, Film, render, save
from .patient import Patient, draw_patient
from .site import SITES, Site

__all__ = [
    "KINDS",
    "DEVICES",
    "IMPLANTS",
    "PARTS",
    "SITES",
    "VIEWS",
    "Disease",
    "Exposure",
    "Film",
    "Patch",
    "Patient",
    "Site",
    "draw_disease",
    "draw_exposure",
    "draw_patient",
    "render",
    "save",
]


def __getattr__(name: str):
    """`simulator.archive` writes whole archives; it is imported on first use."""
    if name == "archive":
        return importlib.import_module(".archive", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
