"""The labels that users give to operations: what is a name, what a value, and where they show."""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from prometheus_client.samples import Sample

from config.files import load_text, operation, problems_of
from mixin.recording import groups
from mixin.settings import Settings
from support.clock import ManualClock
from support.openmetrics import read_openmetrics, read_text
from support.operations import operation as polled
from support.operations import restarted, running
from support.outcomes import call_centre
from support.processes import direct
from support.promql import OF_THE_USER, PUBLISHED, recorded_series
from support.reloading import centre
from test_state_files import kept_files
from wolkvox_exporter.config import schema
from wolkvox_exporter.config.labels import RESERVED, RESERVED_PREFIXES
from wolkvox_exporter.metrics import ExporterStatus
from wolkvox_exporter.metrics.encoder import Format
from wolkvox_exporter.metrics.exposition import Exposition
from wolkvox_exporter.polling.snapshot import Snapshot

INFO = "wolkvox_operation_info"
NAME_REFUSED = (
    "the name of a label has at most 100 characters, only a-z, A-Z, 0-9 and _, and no digit in front; write pais "
    "rather than país"
)
NAME_TAKEN = "this name is one that metrics, alerts or Prometheus itself have labels of; write another"
VALUE_REFUSED = "the value of a label has 1 to 200 characters, not all of them blank"
CONTROLS = "the value of a label has no control characters or line breaks; remove them"


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("{cliente: acme, pais: CO}", {"cliente": "acme", "pais": "CO"}),
        ("{cliente: 0042, activo: no, turno: 1:30}", {"cliente": "0042", "activo": "no", "turno": "1:30"}),
        ('{cliente: "Peña & Söhne", equipo: "日本 🙂"}', {"cliente": "Peña & Söhne", "equipo": "日本 🙂"}),
        ("{CamelCase_9: x, _oculto: y}", {"CamelCase_9": "x", "_oculto": "y"}),
        ('{ruta: "C:\\\\x \\"y\\" {z}, #1"}', {"ruta": 'C:\\x "y" {z}, #1'}),
        ("{cliente: '  acme '}", {"cliente": "  acme "}),
        (f"{{{'n' * 100}: {'v' * 200}}}", {"n" * 100: "v" * 200}),
        ("{}", {}),
        ("{Operation: b, jobs: d, exportado: e}", {"Operation": "b", "jobs": "d", "exportado": "e"}),
    ],
)  # fmt: skip
def test_labels_are_taken_as_written(tmp_path: Path, written: str, labels: dict[str, str]) -> None:
    """If labels are written, then names and values are what stands there, whatever YAML makes of them."""
    config = load_text(tmp_path, operation(f"labels: {written}"))
    assert (config.operations[0].labels, config.warnings) == (labels, ())


@pytest.mark.parametrize("name", ["país", "año", "centro-de-costo", "a.b", "9x", '""', "'a b'", "ñ", "n" * 101, "a/b"])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    """If Prometheus could not read a name everywhere, then it is refused at its line."""
    (problem,) = problems_of(tmp_path, operation("labels:", f"  {name}: x"))
    assert (problem.line, problem.text) == (6, NAME_REFUSED)
    assert problem.path.startswith("operations[0].labels")


@pytest.mark.parametrize("name", [*sorted(RESERVED), "__x", "__name__", "exported_job", "exported_cliente"])
def test_names_that_are_taken_are_refused(tmp_path: Path, name: str) -> None:
    """If a name is a label's of metrics, targets or alerts, then it is refused, at the top and in an operation."""
    (problem,) = problems_of(tmp_path, operation(f"labels: {{cliente: x, {name}: y}}"))
    assert (problem.line, problem.text) == (5, NAME_TAKEN)
    (problem,) = problems_of(tmp_path, operation(head=f"labels:\n  {name}: y\n"))
    assert (problem.line, problem.text) == (2, NAME_TAKEN)


def test_no_series_has_a_label_that_a_user_could_give() -> None:
    """If a metric, a recorded series, a target or an alert has a label, then no user may take its name for another."""
    rules = ({"record": rule.name, "expr": rule.expression} for group in groups(Settings()) for rule in group.rules)
    series = {**PUBLISHED, **recorded_series(rules)}
    found = {label for labels in series.values() for label in labels} - {*OF_THE_USER}
    assert {"operation", "campaign_id", "job", "severity", "major"} <= found
    assert found <= RESERVED


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('""', VALUE_REFUSED),
        ("'  '", VALUE_REFUSED),
        ('"\\u00a0"', VALUE_REFUSED),
        ("v" * 201, VALUE_REFUSED),
        ('"a\\nb"', CONTROLS),
        ('"\\0"', CONTROLS),
        ('"a\\tb"', CONTROLS),
        ('"\\ud800"', CONTROLS),
        ('"\\u2028"', VALUE_REFUSED),
        ('"a\\u2028b"', CONTROLS),
        ("", "nothing is written here; write a value or remove the key"),
        ("[a, b]", "one single value is wanted here, not a list"),
        ("{a: b}", "one single value is wanted here, not a group of keys"),
    ],
)
def test_other_values_are_refused(tmp_path: Path, value: str, text: str) -> None:
    """If a value is empty, too long, in pieces or has control characters, then it is refused at its line."""
    (problem,) = problems_of(tmp_path, operation("labels:", "  cliente: acme", f"  pais: {value}"))
    assert (problem.line, problem.path, problem.text) == (7, "operations[0].labels.pais", text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("[cliente, pais]", "keys with values (key: value) are wanted here"),
        ("cliente", "keys with values (key: value) are wanted here"),
        ("{" + ", ".join(f"n{number}: x" for number in range(21)) + "}", "there are more than 20 labels; write fewer"),
        ("{a: x, a: y}", "the key is already written in line 5; remove one"),
    ],
)
def test_other_labels_are_refused(tmp_path: Path, written: str, text: str) -> None:
    """If labels are no names with values, too many, or written twice, then they are refused."""
    (problem,) = problems_of(tmp_path, operation(f"labels: {written}"))
    assert (problem.line, problem.text) == (5, text)


def test_labels_of_an_operation_are_added_to_the_common_ones(tmp_path: Path) -> None:
    """If there are labels at the top and in an operation, then it has both, and its own where names are the same."""
    text = operation("labels: {pais: MX, equipo: norte}", head="labels: {cliente: acme, pais: CO}\n")
    text += '  - {name: b, server: "0043", token_file: token}\n'
    own, common = load_text(tmp_path, text).operations
    assert own.labels == {"cliente": "acme", "pais": "MX", "equipo": "norte"}
    assert common.labels == {"cliente": "acme", "pais": "CO"}


@pytest.mark.parametrize(
    ("labels", "good"),
    [
        ({"cliente": "acme", "pais": 42, "activo": False}, True),
        ({}, True),
        *(({name: "x"}, False) for name in ("país", "operation", "job", "__x", "exported_x", "9x", "", "n" * 101)),
        *(({"cliente": value}, False) for value in ("", "  ", "v" * 201, None, ["x"], {"x": "y"})),
        ({f"n{number}": "x" for number in range(21)}, False),
        (["cliente"], False),
    ],
)
def test_editors_judge_labels_alike(labels: object, good: bool) -> None:  # noqa: FBT001 - of a table
    """If labels would be refused for their form, then the editor marks them, and no others."""
    document = yaml.safe_load(operation())
    assert not list(Draft202012Validator(schema()).iter_errors(document))
    for place in (document, document["operations"][0]):
        place["labels"] = labels
        assert (not list(Draft202012Validator(schema()).iter_errors(document))) == good
        del place["labels"]


TEXTS = st.text(max_size=6) | st.text("aé\"\\\n\t{}=,ñ #:'0", max_size=6)
NAMES = st.from_regex(r"[a-z_é][a-z0-9_ñ]{0,6}", fullmatch=True) | st.text(max_size=6) | st.sampled_from([*RESERVED])
STATUS = ExporterStatus("1.2.3", "3.11.7", config_loaded=True, config_loaded_at=1.5)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, TEXTS, max_size=4))
def test_any_label_is_published_as_written_or_refused(labels: dict[str, str]) -> None:
    """If anything at all is written, then both formats have exactly that, or it is refused and its place is named."""
    document = yaml.safe_load(operation())
    document["operations"][0]["labels"] = labels
    with TemporaryDirectory() as folder:
        text = yaml.safe_dump(document)
        problems = problems_of(Path(folder), text)
        if problems:
            assert all(problem.path.startswith("operations[0].labels") for problem in problems)
            assert not all(is_good(name, value) for name, value in labels.items())
            return
        (wanted,) = load_text(Path(folder), text).operations
    assert all(is_good(name, value) for name, value in labels.items())
    exposition = Exposition(STATUS)
    exposition.update(Snapshot("ventas-co", MappingProxyType({}), labels=wanted.labels))
    pages = exposition.pages(0.0).by_format
    expected = {"operation": "ventas-co", **labels}
    assert info(read_openmetrics(b"".join([*pages[Format.OPENMETRICS].text(), b"# EOF\n"]).decode())) == expected
    assert info(read_text(b"".join(pages[Format.TEXT].text()).decode())) == expected


def is_good(name: str, value: str) -> bool:
    """Return the same by the words of the documentation."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
    named = bool(name) and name[0] in letters and set(name) <= set(letters + "0123456789")
    free = name not in RESERVED and not name.startswith(RESERVED_PREFIXES)
    is_text = bool(value.strip()) and not any(is_control(character) for character in value)
    return named and free and is_text


def is_control(character: str) -> bool:
    """Return whether a character is one of C0, C1 or the two separators; YAML has no halves of surrogate pairs."""
    return ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or character in "\u2028\u2029"


def info(samples: list[Sample]) -> dict[str, str]:
    """Return the labels of the one sample of the family, which is 1."""
    (found,) = [sample for sample in samples if sample.name == INFO]
    assert found.value == 1
    labels: dict[str, str] = found.labels
    return labels


async def test_labels_are_shown_from_the_start() -> None:
    """If nothing was polled yet, then the labels are there all the same; without any, the operation's name alone is."""
    clock = ManualClock()
    async with call_centre(clock).serving() as url:
        labelled = polled(url, "a", labels={"pais": "CO", "cliente": 'Peña "x"'})
        async with running(labelled, polled(url, "b", token="another"), clock=clock) as exporter:
            samples = await exporter.samples()
    found = [(sample.labels, sample.value) for sample in samples.all if sample.name == INFO]
    assert found == [({"operation": "a", "cliente": 'Peña "x"', "pais": "CO"}, 1), ({"operation": "b"}, 1)]
    assert f'{INFO}{{cliente="Peña \\"x\\"",operation="a",pais="CO"}} 1.0\n' in samples.text


async def test_other_labels_disturb_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If labels alone change with a reload, then they are shown at once, and polls, data and counters go on."""
    direct(monkeypatch)
    clock = ManualClock()

    async def shown() -> tuple[dict[str, dict[str, str]], list[str]]:
        samples = [each for each in (await exporter.samples()).all if each.name.startswith("wolkvox_")]
        found = [each.labels for each in samples if each.name == INFO]
        others = [str(each) for each in samples if each.name != INFO and "_exporter_" not in each.name]
        return {labels.pop("operation"): labels for labels in found}, others

    async with centre(tmp_path, clock, "stays", "changes") as (exporter, file):
        await clock.advance(301)
        _, before = await shown()
        file.write("stays", "changes", top={"labels": {"pais": "CO"}}, changes={"labels": {"cliente": "acme"}})
        assert (await exporter.reload())[0] == 200
        found, after = await shown()
        assert found == {"stays": {"pais": "CO"}, "changes": {"pais": "CO", "cliente": "acme"}}
        assert after == before
        file.write("stays", "changes", changes={"labels": {"cliente": "otro"}})
        assert (await exporter.reload())[0] == 200
        found, after = await shown()
        assert found == {"stays": {}, "changes": {"cliente": "otro"}}
        assert after == before
        await clock.advance(300)
    assert exporter.started("stays") == [0, 300, 600]
    assert exporter.started("changes") == [15, 315]


async def test_labels_are_of_the_configuration_and_not_of_the_state(tmp_path: Path) -> None:
    """If the exporter is started again with other labels, then only these are shown, and no file has any."""
    clock = ManualClock()
    async with call_centre(clock).serving() as url:
        async with restarted(tmp_path, polled(url, labels={"cliente": "unmistakable"}), clock):
            await clock.advance(1)
        (file,) = kept_files(tmp_path)
        assert b"unmistakable" not in file.read_bytes()
        async with restarted(tmp_path, polled(url, labels={"pais": "CO"}), clock) as exporter:
            samples = await exporter.samples()
    assert [each.labels for each in samples.all if each.name == INFO] == [{"operation": "ventas-co", "pais": "CO"}]
    assert samples.value("wolkvox_polls_total", report="campaigns") == 1
