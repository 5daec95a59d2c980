"""Every code block in the README and the docs runs."""

import gzip
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [(page, *found) for page in PAGES for found in FENCE.findall(page.read_text("utf-8"))]
CATALOG = """sku,name,description,price_eur,colour,in_stock
k1,Whisper kettle,A quiet kettle for small kitchens that hardly makes a sound,35.00,white,yes
k2,Thunder kettle,Boils very fast and is loud,25.00,black,yes
k3,Copper kettle,A heavy kettle for the stove with a whistle,79.00,copper,yes
t1,Morning toaster,Two slots and a crumb tray,29.00,white,yes
t2,Wide toaster,Four slots for thick bread,49.00,black,no
"""


def blocks(language):
    return [
        pytest.param(text, id=f"{page.name}-{n}") for n, (page, kind, text) in enumerate(BLOCKS) if kind == language
    ]


@pytest.fixture(scope="session")
def desk(tmp_path_factory, settings, films_shop):
    """A folder with a catalog of its own, and an environment whose shops are those of the tests."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "products.csv").write_text(CATALOG)
    ids = [line.split(",")[0] for line in CATALOG.strip().splitlines()[1:]]
    orders = [f"u{at // 2},{ids[at % len(ids)]},2024-05-{1 + at % 28:02}" for at in range(240)]
    (folder / "orders.csv").write_text("\n".join(["user,item,date", *orders]) + "\n")
    turns = ([{"role": "user", "text": "a kettle"}, {"role": "shop", "items": [one]}] for one in ids)
    talks = ({"id": f"t{at}", "turns": said} for at, said in enumerate(turns))
    with gzip.open(folder / "talks.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(talk) + "\n" for talk in talks)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "SHOPTALK_HOME": str(settings.home),
        "SHOPTALK_CACHE": str(settings.cache), "SHOPTALK_ENCODER": "hashing", "HOME": str(folder),
    }  # fmt: skip
    return folder, environment


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_run(code, desk):
    folder, environment = desk
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("code", blocks("bash"))
def test_shell_blocks_run(code, desk):
    """Commands of shoptalk run as they stand (the page only as far as its help); of make, the target exists."""
    folder, environment = desk
    makefile = (ROOT / "Makefile").read_text()
    for line in filter(None, (line.split(" #")[0].strip() for line in code.splitlines())):
        command = shlex.split(line)
        if command[0] == "make":
            assert re.search(rf"^{command[1]}:", makefile, re.MULTILINE), line
            continue
        if command[:2] == ["shoptalk", "chat"]:
            command = ["shoptalk", "chat", "--help"]
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            input="a kettle\n/quit\n",
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("text", blocks("json"))
def test_json_blocks_are_json(text):
    assert json.loads(text)


def test_every_link_of_the_readme_leads_somewhere():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []
