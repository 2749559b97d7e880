"""Similar tunes: of the same server, rhythm and mode, the most alike first."""

from bot.core.values import NewPrompt, NewTune, Place
from bot.library.library import Library
from bot.store import Store
from model.prompt import parse_prompt
from tests.bot.store.samples import a_member

ANN = Place("web", "home", "ann")

HEAD = "X:1\nT:A Tune\nR:reel\nM:4/4\nL:1/8\nK:{}\n"
MUSIC = "|:EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD:|\n"
NEAR = MUSIC.replace("FDAD BDAD", "FDAD BAGF")
FAR = "|:FABd cAGE|CEGc edcB|AFdf agfe|dcBA G4:|\n"


async def stored(store: Store, music: str, key: str = "Edor", rhythm: str = "reel", server: str = "home") -> int:
    await store.versions.add("shipped.safetensors", "0" * 64, "trad", number=1)
    ids = await store.members.register(Place("web", server, "ann"))
    prompt = await store.prompts.add(NewPrompt(*ids, parse_prompt(key, rhythm, seed=1), count=1, version=1))
    (tune,) = await store.prompts.finish(prompt.id, [NewTune(0, 1, "A Tune", HEAD.format(key) + music)])
    return tune.id


async def test_the_most_alike_of_the_same_server_rhythm_and_mode_come_first(store: Store) -> None:
    library = Library(store, None)  # type: ignore[arg-type]
    tune_id = await stored(store, MUSIC)
    near, same = await stored(store, NEAR), await stored(store, MUSIC, "Ador")
    await stored(store, FAR)
    for other in ({"key": "Em"}, {"rhythm": "hornpipe"}, {"server": "away"}):
        await stored(store, MUSIC, **other)
    deleted = await stored(store, MUSIC)
    await store.tunes.delete(deleted)
    found = await library.similar(await library.tune(tune_id, ANN))
    assert [tune.id for tune, _ in found][:2] == [same, near]
    assert found[0][1] == 1.0
    assert 0.8 < found[1][1] < 1.0
    assert all(share >= 0.3 for _, share in found)


async def test_a_tune_alone_is_like_none_and_many_are_cut_to_three(store: Store) -> None:
    library = Library(store, None)  # type: ignore[arg-type]
    await a_member(store)
    tune_id = await stored(store, MUSIC)
    assert await library.similar(await library.tune(tune_id, ANN)) == []
    for _ in range(5):
        await stored(store, MUSIC)
    found = await library.similar(await library.tune(tune_id, ANN))
    assert [tune.id for tune, _ in found] == [6, 5, 4], "the newest among equals"
