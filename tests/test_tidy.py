"""What the style asks and a machine can see: sizes, imports, types, lint, translations."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("ledger", "timebank", "tests", "bench")
FILE_LINES, FUNCTION_LINES = 400, 70
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", [p for p in SOURCES if "tests" not in p.parts], ids=name_of)
def test_modules_say_what_they_are_for_and_assert_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "no docstring"
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), "invariants raise, never assert"


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports", "--config", "setup.cfg"]],
    ids=["ruff", "format", "mypy", "imports"],
)
def test_tools_find_nothing(command: list[str]) -> None:
    tool = Path(sys.executable).parent / command[0]
    done = subprocess.run([str(tool), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_every_text_is_translated_and_the_catalogues_are_compiled(tmp_path: Path) -> None:
    from shutil import copytree

    from timebank.catalogues import build

    package = copytree(ROOT / "timebank", tmp_path / "timebank")
    assert build(package) == []
    for language in ("zh", "en"):
        file = Path("translations") / language / "LC_MESSAGES" / "messages.po"
        assert (package / file).read_bytes() == (ROOT / "timebank" / file).read_bytes(), "run `make messages`"


def test_no_path_of_a_machine_and_no_registry_is_named() -> None:
    words = ("/work/main", "/work/shared", "/root/", "pypi.org", "registry.npmjs")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        path = ROOT / name
        if path.suffix in (".png", ".mo", ".pdf") or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [word for word in words if word in text], name
