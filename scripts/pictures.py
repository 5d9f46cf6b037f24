"""Pictures of a list as people see it: on a desk, on a phone, printed, and in a spreadsheet.

    python scripts/pictures.py LISTS_FOLDER [--out docs/pictures]

LISTS_FOLDER is what a night wrote (`forewarn nightly` says where). Needs Chromium or Chrome, and
for the printed page and the workbook `pdftoppm` (poppler-utils) and `soffice` (LibreOffice Calc)
with a Chinese font; on Debian:

    apt-get install chromium fonts-noto-cjk libreoffice-calc poppler-utils
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESK, PHONE = "1280,1500", "390,1700"


def main() -> None:
    """Draw the four pictures of the city's page of a list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder of a list's files")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    given = parser.parse_args()
    page, book = (only(given.folder, ending) for ending in ("html", "xlsx"))
    given.out.mkdir(parents=True, exist_ok=True)
    browser = program(BROWSERS)
    with tempfile.TemporaryDirectory() as scratch:
        for name, size in (("list-desk.png", DESK), ("list-phone.png", PHONE)):
            shot = given.out.absolute() / name
            browse(browser, scratch, page, f"--window-size={size}", f"--screenshot={shot}")
        printed = Path(scratch) / "printed.pdf"
        browse(browser, scratch, page, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
        first_page(printed, given.out / "list-print.png")
        office = program(("soffice", "libreoffice"))
        run(office, "--headless", "--convert-to", "pdf", "--outdir", scratch, str(book))
        first_page(Path(scratch) / f"{book.stem}.pdf", given.out / "list-excel.png")
    for picture in sorted(given.out.glob("list-*.png")):
        print(picture)


def only(folder: Path, ending: str) -> Path:
    """The city's file with this ending."""
    found = sorted(folder.absolute().glob(f"forewarn-*-city.{ending}"))
    if not found:
        sys.exit(f"{folder} holds no forewarn-<date>-city.{ending}; give a folder of a list.")
    return found[-1]


def program(names: tuple[str, ...]) -> str:
    """The first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    sys.exit(f"None of {', '.join(names)} is installed; see the top of this file.")


def browse(browser: str, scratch: str, page: Path, *options: str) -> None:
    """One run of a headless browser, with a profile of its own."""
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
    run(browser, *flags, f"--user-data-dir={scratch}/profile", *options, page.as_uri())


def first_page(pdf: Path, picture: Path) -> None:
    """The first page of a PDF as a picture."""
    stem = str(picture.with_suffix(""))
    run(program(("pdftoppm",)), "-r", "110", "-png", "-singlefile", "-l", "1", str(pdf), stem)


def run(*command: str) -> None:
    """Run a program; say what it said when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    main()
