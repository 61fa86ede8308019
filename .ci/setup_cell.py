# Set-up: where the course is installed, this does nothing. Elsewhere (Colab, Kaggle, an empty folder) it installs it.
import importlib.util
import os
import subprocess
import sys
from importlib import metadata
from tempfile import TemporaryDirectory

ADDRESS = os.environ.get("COURSE_REPOSITORY") or "@ADDRESS@"
if importlib.util.find_spec("course_utils") is None:
    if sys.version_info < (3, 11):
        raise RuntimeError(f"The course needs Python 3.11 or later, this kernel has {sys.version.split()[0]}.")
    if not ADDRESS:
        raise RuntimeError("This copy of the course has no address yet. Install it from its folder: pip install -e .")
    fixed = [name for name in ("numpy", "torch", "torchvision") if importlib.util.find_spec(name)]
    with TemporaryDirectory() as folder:
        with open(f"{folder}/fixed.txt", "w") as file:  # what this machine came with: pip must not change it
            file.writelines(f"{name}=={metadata.version(name)}\n" for name in fixed)
        install = [sys.executable, "-m", "pip", "install", "-q", "-c", file.name, f"git+{ADDRESS}"]
        pip = subprocess.run(install, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if pip.returncode:
        remedies = {"command 'git'": "Install git.", "resolve": "Connect to a network (Kaggle: Settings, Internet on)."}
        remedy = next((remedies[sign] for sign in remedies if sign in pip.stderr), f"Is {ADDRESS} the right address?")
        raise RuntimeError(f"The course is not installed. {remedy} Then run this cell again.\n{pip.stderr[-2000:]}")
    importlib.invalidate_caches()
