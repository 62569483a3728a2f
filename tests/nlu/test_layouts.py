import json

import pytest

from nlu.corpus.load import OUT_OF_SCOPE
from nlu.errors import CorpusError, DataError
from nlu.training.layouts import read_data
from nlu.training.samples import TEST, TRAIN, VALIDATION, Sample, has_several, with_fold


def _write(folder, **files):
    for name, content in files.items():
        stem, _, suffix = name.rpartition("_")
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return folder


def _plain(samples: list[Sample]) -> list[tuple[str, str, str | None]]:
    return [(sample.text, sample.label, sample.side) for sample in samples]


@pytest.mark.parametrize(
    "files",
    [
        {"lines_csv": "text,label\nhello,greet\nbye,leave\n"},
        {"lines_csv": "utterance,intent\nhello,greet\nbye,leave\n"},
        {"lines_csv": '\ufeffText, Category\r\nhello,greet\r\n\r\n"bye\n",leave\r\n'},
        {"lines_tsv": "text\tlabel\nhello\tgreet\nbye\tleave\n"},
        {"lines_json": {"text": ["hello", "bye"], "label": ["greet", "leave"]}},
        {
            "lines_json": [
                {"text": t, "label": n, "label_text": name}
                for n, (t, name) in enumerate([("hello", "greet"), ("bye", "leave")])
            ]
        },
        {"lines_json": [{"text": "hello", "label": "greet"}, {"query": "bye", "intent": "leave"}]},
        {"lines_json": [["hello", "greet"], ["bye", "leave"]]},
        {"lines_jsonl": '{"text": "hello", "label": "greet"}\n{"text": "bye", "label": "leave"}\n'},
        {"lines_yaml": "greet:\n  - hello\nleave:\n  - bye\n"},
    ],
)
def test_text_and_label_are_read_from_what_people_have(tmp_path, files):
    expected = [("hello", "greet", None), ("bye", "leave", None)]
    assert _plain(read_data([_write(tmp_path, **files)])) == expected


def test_a_file_by_itself_is_read_like_its_folder(tmp_path):
    _write(tmp_path, mine_yaml="greet:\n  - hello\nleave:\n  - bye\n")
    assert read_data([tmp_path / "mine.yaml"]) == read_data([tmp_path])


def test_the_sides_of_clinc_and_its_lines_out_of_scope(tmp_path):
    _write(
        tmp_path,
        train_json=[["hello", "greeting"]],
        val_json=[["hi", "greeting"]],
        oos_train_json=[["how is glue made", "oos"]],
        oos_test_json=[["who won", "oos"]],
        domains_json={"small_talk": ["greeting"]},
    )
    assert sorted(_plain(read_data([tmp_path]))) == [
        ("hello", "greeting", TRAIN),
        ("hi", "greeting", VALIDATION),
        ("how is glue made", OUT_OF_SCOPE, TRAIN),
        ("who won", OUT_OF_SCOPE, TEST),
    ]


def test_folds_hold_several_intents_and_one_fold_is_held_out(tmp_path):
    _write(
        tmp_path,
        fold0_json=[{"text": "yes, a new card", "intents": ["affirm", "card"]}],
        fold1_json=[{"text": "nine", "slots": {}}],
        ontology_json={"intents": {}},
    )
    samples = read_data([tmp_path])
    assert has_several(samples)
    assert [sample.labels for sample in samples] == [("affirm", "card"), ()]
    assert [sample.side for sample in with_fold(samples, "fold1")] == [TRAIN, TEST]
    with pytest.raises(DataError, match="no such fold"):
        with_fold(samples, "fold7")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"lines_csv": "phrase,thing\nhello,greet\n"}, r"lines\.csv:2: no text.*text and label"),
        ({"lines_csv": "text,label\nhello,\n"}, r"lines\.csv:2: no label for 'hello'"),
        ({"lines_json": "[[1, 2]"}, r"lines\.json:1: not JSON"),
        ({"lines_json": [["hello"]]}, r"lines\.json, entry 1: no text"),
        ({"notes_txt": "hello"}, r"no \*\.yaml"),
        ({"lines_csv": "text,label\n"}, "no labelled utterances"),
    ],
)
def test_a_mistake_names_the_place_and_the_cure(tmp_path, files, told):
    with pytest.raises(DataError, match=told):
        read_data([_write(tmp_path, **files)])


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_data([tmp_path / "nowhere"])


def test_a_mistake_in_a_corpus_file_names_its_line(tmp_path):
    with pytest.raises(CorpusError, match=r"mine\.yaml:1"):
        read_data([_write(tmp_path, mine_yaml="Greet-Me:\n  - hello\n")])


@pytest.mark.parametrize(
    ("name", "intents", "lines"), [("banking77", 77, 10003), ("clinc150", 151, 18200)]
)
def test_the_public_sets_are_read_whole(shared_data, name, intents, lines):
    samples = read_data([shared_data / name])
    assert (len({sample.label for sample in samples}), len(samples)) == (intents, lines)
