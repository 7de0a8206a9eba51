"""One run of the melody model: what is asked, refused, recorded, and the same as transformers' own sampling."""

import json

import numpy as np
import pytest
import torch

from aigc_kit import cards, music, record, works
from aigc_kit.core.errors import BadInput, CannotLoad, NotOnDisk, UnknownName
from aigc_kit.make.music.melody import MelodyEngine
from aigc_kit.make.music.midi import from_midi
from aigc_kit.media.wav import RATE
from aigc_kit.works.scoring import DEPTH, gains, score
from aigc_kit.worlds.tunes import TuneWish, tokens_of

WISH = "欢快的羽调式，二四拍"


@pytest.fixture(scope="module")
def take():
    return music.make(WISH, card="tunes", seed=5, control="both")


def test_a_take_has_wave_notes_and_words(take):
    assert take.data.dtype == np.float32 and np.abs(take.data).max() <= 1
    assert take.labels["bars_right"] >= 0.9  # only a last bar without its line may be short
    assert music.tune_in(take).notes
    assert take.words[0].read.split()[:2] == ["<yu>", "<2/4>"]
    assert [word for word, _ in take.words[0].dropped] == ["的"]
    again = music.run(take.plan)
    assert again.labels["notes"] == take.labels["notes"]


def test_greedy_is_what_generate_writes():
    plan = music.plan_for(WISH, card="tunes", temperature=0.0)
    engine = music.engine(plan)
    wish = TuneWish(mode="yu", metre="2/4", tempo="fast")
    own = list(engine.write(wish, music.Settings(temperature=0.0), 0))
    given = torch.tensor([engine.ids(engine.prompt(wish))])
    row = engine.model.generate(given, attention_mask=torch.ones_like(given), do_sample=False, max_new_tokens=200 - 8)
    theirs = [engine.names[token] for token in row[0, 8:].tolist() if token != engine.end]
    assert own == theirs


def test_it_is_saved_as_wav_and_midi(take, tmp_path):
    path = record.save(take, tmp_path, name="tune")
    files = {file.suffix for file in tmp_path.iterdir()}
    assert {".wav", ".mid", ".json"} <= files
    score_inside = from_midi((tmp_path / "tune.mid").read_bytes())
    assert len(score_inside.events) == sum(note.pitch is not None for note in music.tune_in(take).notes)
    assert any("AI" in text for text in score_inside.texts)
    assert "AI" in json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)


def test_a_motif_stands_at_the_beginning():
    motif = "67:4 64:2 67:2 72:4 69:4"
    found = music.make("大调，二四拍", card="tunes", motif=motif, control="both", seed=1)
    assert [token for token in found.labels["notes"] if ":" in token][:5] == motif.split()
    assert tokens_of(music.tune_in(found)) == list(found.labels["notes"])


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"bpm": 0}, BadInput),
        ({"bpm": float("nan")}, BadInput),
        ({"motif": ""}, BadInput),
        ({"motif": "r:4"}, BadInput),
        ({"motif": "200:4"}, BadInput),
        ({"motif": "60:5"}, BadInput),
        ({"motif": "60:4 " * 65}, BadInput),
        ({"motif": 60}, BadInput),
        ({"instrument": "唢呐"}, UnknownName),
        ({"mode": "lydian"}, UnknownName),
        ({"control": "hope"}, UnknownName),
        ({"temperature": -1}, BadInput),
        ({"key": 13}, BadInput),
        ({"key": 0.5}, BadInput),
        ({"humanise": 2}, BadInput),
        ({"height": 64}, BadInput),
        ({"batch": 2}, BadInput),
        ({"tempoo": 3}, UnknownName),
    ],
)
def test_bad_settings_are_refused(values, error):
    with pytest.raises(error):
        music.plan_for(WISH, card="tunes", **values)


def test_a_sample_is_not_for_notes(take):
    with pytest.raises(BadInput, match="motif"):
        music.run(take.plan, sample=np.zeros(10, np.float32))


def test_a_broken_model_is_refused(tmp_path):
    with pytest.raises(CannotLoad):
        MelodyEngine(cards.get("tunes"), tmp_path)


def test_the_full_model_is_planned_and_absent():
    plan = music.plan_for("calm flute", card="musicgen-small")
    assert plan.prediction["peak"].value > 586_884_674 * 4
    with pytest.raises(NotOnDisk):
        music.run(plan)
    assert "CC BY-NC" in plan.card.licence


@pytest.mark.parametrize("size", ["small", "medium"])
def test_full_sizes_are_counted_on_the_real_class(size):
    from transformers import MusicgenConfig, MusicgenForConditionalGeneration

    from aigc_kit.core import paths

    config = json.loads((paths.assets() / f"configs/musicgen-{size}/config.json").read_text(encoding="utf-8"))
    with torch.device("meta"):
        model = MusicgenForConditionalGeneration(MusicgenConfig(**config))
    assert sum(weights.numel() for weights in model.parameters()) == cards.get(f"musicgen-{size}").facts.parameters


def test_works_accept_music(take):
    part = works.from_take(take)
    assert part.kind == "audio"
    board = works.from_rows(
        [
            {"画面描述": "水乡", "旁白": "一座小桥。", "音效/音乐": "江南风格，快速", "秒": 4},
            {"画面描述": "街", "旁白": "", "音效/音乐": "汽车声", "秒": 3},
        ],
        total=7,
    )
    scored = score(board, seed=1)
    assert len(scored.wave) == 7 * RATE and [number for number, _ in scored.cues] == [1]
    assert np.abs(scored.wave[: 4 * RATE]).max() > 0.05 and not scored.wave[4 * RATE :].any()
    with pytest.raises(BadInput, match="says what music"):
        score(works.from_rows([{"画面描述": "街", "旁白": "", "音效/音乐": "汽车声", "秒": 3}], total=3))


def test_a_piece_goes_on_and_fades_by_the_column():
    rows = [
        {"画面描述": "桥", "旁白": "一座小桥。", "音效/音乐": sound, "秒": 2}
        for sound in ("江南风格，快速", "音乐继续", "音乐渐弱", "汽车声", "音乐继续")
    ]
    scored = score(works.from_rows(rows, total=10), seed=1)
    assert [number for number, _ in scored.cues] == [1]
    loud = [float(np.abs(scored.wave[k * RATE : (k + 1) * RATE]).max()) for k in range(10)]
    assert min(loud[:4]) > 0.1 and loud[5] < 0.6 * max(loud[:4]) and not any(loud[6:])


def test_the_drafted_storyboard_has_music():
    board = works.draft(works.sample())
    scored = score(board, seed=2)
    assert len(scored.cues) == 1 and len(scored.wave) == round(board.total * RATE)
    assert -40 < scored.loudness < -8
    assert np.abs(scored.wave[30 * RATE : 32 * RATE]).max() > 0.05 and np.abs(scored.wave[-RATE // 20 :]).max() < 0.02


def test_music_gives_way_to_voices():
    voice = np.zeros(4 * RATE, np.float32)
    voice[RATE : 2 * RATE] = 0.5
    found = gains(voice)
    assert found[RATE : 2 * RATE].max() == pytest.approx(10 ** (-DEPTH / 20), rel=1e-3)
    assert found[: RATE // 2].min() == 1 and found[3 * RATE :].min() == 1
    assert gains(np.zeros(RATE, np.float32)).min() == 1
