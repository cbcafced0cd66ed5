"""What a contract may require: names and versions, and never an option, an address or a folder."""

import pytest
from agentdocs.verify.contract.read import read
from agentdocs.verify.requires import for_pip

LINES = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""What ends a line: for uv the first two, for pip all of them."""


def faults(kind, one):
    quoted = '"' + "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in one) + '"'
    contract, problems = read("x.verify.yaml", f"requires:\n  {kind}: [{quoted}]\n")
    assert bool(problems) != (getattr(contract.requires, kind) == (one,))
    return [problem.text for problem in problems]


@pytest.mark.security("SEC-22")
@pytest.mark.parametrize("sign", LINES, ids=ascii)
def test_a_requirement_is_one_line_to_pip_and_uv(sign):
    marker = f"a ; python_version != '{sign}--index-url https://x.test{sign}'"
    assert faults("python", marker)
    assert not faults("python", marker.replace(sign, ""))


@pytest.mark.security("SEC-22")
@pytest.mark.parametrize(
    "one",
    [
        "-r /etc/passwd",
        "--index-url https://x.test",
        "-e .",
        "../x",
        "/etc/x.whl",
        "a --hash=x",
        "a -r b",
    ],
)
def test_an_option_or_a_folder_is_no_requirement(one):
    assert faults("python", one)


@pytest.mark.security("SEC-23")
@pytest.mark.parametrize(
    "one",
    [
        "express@file:../x", "file:../x", "../x", "./x", "/x", "git+https://x.test/x", "x/y", "-g", "--prefix",
        "a@npm:evil", "a@1 --ignore-scripts=false", "a@^4 -g", "a@1 evil", "a@latest evil", "a@1 - evil",
        "a@1\u2028b", "a@1 --", "a@x --registry=y", "a@1 || evil", "a@>=1 xpress",
    ],
)  # fmt: skip
def test_no_option_folder_or_second_package_hides_in_one_of_npm(one):
    assert faults("npm", one)


@pytest.mark.security("SEC-23")
@pytest.mark.parametrize(
    "one",
    [
        "express", "@types/node@>=20 <23", "a@^1.2", "a@~1", "a@1.2 - 2.0.1", "a@^1 || ^2", "a@1||2", "a@latest",
        "a@next-14", "a@>= 1.2.0-beta.1+x", "a@1.x", "a@*", "a@v2", "a@x", "a@<=2.0",
    ],
)  # fmt: skip
def test_ranges_of_npm_are_read(one):
    assert not faults("npm", one)


@pytest.mark.security("SEC-22")
def test_what_pip_gets_are_names_and_versions():
    texts = [
        'a >=1, <2 ; python_version > "3"', "b[x, y]", "c @ git+https://x.test/c", "d@ file:///etc", "a<2,>=1",
        "--index-url x", 'e ; os_name != " --log=x "',
    ]  # fmt: skip
    lines, addresses = for_pip(texts, here=True)
    assert lines == ["a<2,>=1", "b[x,y]", "e"]
    assert addresses == ["c", "d"]
    lines, _ = for_pip(texts, here=False)
    assert lines[0] == 'a<2,>=1; python_version > "3"'
    assert all(line[0].isalpha() and len(line.splitlines()) == 1 for line in lines)


@pytest.mark.security("SEC-22")
def test_addresses_are_named_and_not_listed(place):
    one = place({
        "agents/x.md": "```python\n1\n```\n",
        "agents/x.verify.yaml": "requires: {python: ['y @ git+https://x.test/y', no-such-thing]}\n",
    })  # fmt: skip
    for options in ([], ["--missing"]):
        found = one.cli("requires", *options, code=0)
        assert found.stdout == "no-such-thing\n"
        assert "y is required from an address" in found.stderr
        assert "x.test" not in found.stdout + found.stderr


@pytest.mark.security("SEC-24")
def test_an_artefact_file_is_not_written_through_a_link(place, tmp_path):
    """The draft, too: it stands where its name can be foreseen."""
    from agentdocs.verify import artefacts

    precious = tmp_path / "precious"
    precious.write_text("mine")
    for name in ("x.artefacts.json.tmp", "x.artefacts.json"):
        one = place({"agents/x.md": "a\n"}, name=name.replace(".", "-"))
        target = one.root / "agents/x.artefacts.json"
        (one.root / "agents" / name).symlink_to(precious)
        rows = [("agents/x.artefacts.json", "", "{}\n")]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(artefacts, "_files", lambda *_, rows=rows: rows)
            written = artefacts.write(str(one.root), [], [])
        assert precious.read_text() == "mine"
        assert (target.is_symlink(), written == []) == ((name == target.name,) * 2)
