"""/compose: from the command to the message with the tune."""

from pathlib import Path

import pytest

from tests.bot.discord.simulated_server import all_text, custom_ids, files, labels, simulated_server


async def test_a_tune_arrives_with_picture_audio_files_and_buttons(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed(rhythm="reel", seed=7, temperature=0.9, form="AABB")
        (embed,) = message.embeds
        assert embed.title == "Seed 7"
        assert {field.name: field.value for field in embed.fields} == {
            "Key": "E dorian",
            "Rhythm": "reel, 2/2",
            "Tempo": "100 bpm",
            "Form": "AABB, 8 bars a part",
            "Temperature": "0.9",
            "Seed": "7",
        }
        assert embed.footer.text == "Tune 1 · model v1 · composed for ann"
        assert "The Boys of Malin" in (embed.description or "")
        assert embed.image.url
        assert files(message)[-3:] == ["mp3", "mid", "abc"]
        assert labels(message) == ["0", "0", "Again", "Vary", "ABC", "Listen", "Delete"]
        assert custom_ids(message)[0] == "tune:1:up"
        stored = await server.bot.store.prompts.load(1)
        assert stored
        assert (stored.channel_id, stored.message_id) == (str(server.channel.id), str(message.id))


@pytest.mark.parametrize(("options", "line"), [({"key": "*H*"}, r"\*H\*"), ({"key": "D", "form": "ABBA"}, "AABB")])
async def test_a_wrong_option_is_answered_to_its_member_alone(
    tmp_path: Path, options: dict[str, str], line: str
) -> None:
    async with simulated_server(tmp_path) as server:
        result = await server.ann.slash(server.channel, "compose", **options)
        assert result.ephemeral
        assert line in result.response.content
        assert "\n" not in result.response.content
        assert server.channel.history() == []


async def test_what_the_worker_refuses_is_answered_to_its_member_alone(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        result = await server.ann.slash(server.channel, "compose", key="D", opening="refuse")
        line = await server.until(lambda: result.followups and result.followups[-1])
        assert line.ephemeral
        assert line.content == "Bar 1 of the opening is wrong"
        await server.until(lambda: not server.channel.history())
        await server.undelivered(0)


async def test_a_full_queue_is_answered_to_its_member_alone(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, at_once=1, per_member=1) as server:
        server.bot.renderer.go.clear()
        for _ in range(2):
            result = await server.ann.slash(server.channel, "compose", key="D")
            await server.until(lambda: server.bot.renderer.rendered)
        refused = await server.ann.slash(server.channel, "compose", key="D")
        (line,) = refused.followups
        assert line.ephemeral
        assert "one prompt waiting" in line.content
        assert len(server.channel.history()) == 2
        await server.until(lambda: server.with_text(result.response.id, "next in the queue"))


async def test_several_tunes_come_in_one_message_with_a_select_menu(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed(count=4, seed=7)
        assert [embed.title for embed in message.embeds] == [f"{n}. Seed {n + 6}" for n in (1, 2, 3, 4)]
        assert custom_ids(message) == ["pick:1"]
        await server.ann.select(message, ["3"])
        chosen = server.message(message.id)
        assert chosen
        assert len(files(chosen)) <= 10
        assert files(chosen)[-2:] == ["mid", "abc"]
        assert custom_ids(chosen)[:2] == ["pick:1", "tune:3:up"]
        other = await server.ben.select(chosen, ["2"])
        assert other.ephemeral
        assert [embed.title for embed in other.response.embeds] == ["Seed 8"]
        await server.ben.click(chosen, custom_id="tune:3:up")
        voted = server.message(message.id)
        assert voted
        assert labels(voted)[1:3] == ["1", "0"]
        assert custom_ids(voted)[:2] == ["pick:1", "tune:3:up"]


async def test_a_servers_defaults_apply_where_a_member_omits_an_option(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        admin = server.member("boss", manage_guild=True)
        await admin.slash(server.channel, "settings defaults", rhythm="hornpipe", form="AB:4")
        await server.composed()
        await server.composed(form="AABA")
        first, second = [await server.bot.composer.library.tune(number, server.place) for number in (1, 2)]
        assert (first.prompt.rhythm, str(first.prompt.form)) == ("hornpipe", "AB:4")
        assert (second.prompt.rhythm, str(second.prompt.form)) == ("hornpipe", "AABA:8")


async def test_a_member_who_has_to_wait_is_shown_until_when(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, cooldowns=(60.0, 0.0)) as server:
        message = await server.composed()
        for refused in (
            await server.ann.slash(server.channel, "compose", key="D"),
            await server.ann.click(message, custom_id="tune:1:again"),
        ):
            line = refused.followups[-1]
            assert line.ephemeral
            words, _, time = line.content.partition(" <t:")
            assert words == "You asked a moment ago: ask again"
            assert time.endswith(":R>")
        await server.composed(member=server.ben)


async def test_the_bot_is_asked_only_in_channels_that_the_settings_allow(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        other = server.guild.create_text_channel("other")
        admin = server.member("boss", manage_guild=True)
        await admin.slash(server.channel, "settings channels", channel=other)
        refused = await server.ann.slash(server.channel, "compose", key="D")
        assert f"On this server I play only in <#{other.id}>" in all_text(refused)
        assert f"<#{other.id}>" in all_text(await server.ann.slash(server.channel, "top"))
        assert (await server.ann.slash(other, "compose", key="D")).response
        await server.until(lambda: other.last_message.embeds)


async def test_the_command_has_ranges_and_autocompletion(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        payload = server.client.tree.get_command("compose").to_dict(server.client.tree)  # type: ignore[union-attr]
        options = {option["name"]: option for option in payload["options"]}
        ranges = {name: (options[name]["min_value"], options[name]["max_value"]) for name in ("temperature", "count")}
        assert ranges == {"temperature": (0.1, 2.0), "count": (1, 4)}
        assert {name for name in options if options[name].get("autocomplete")} == {"key", "rhythm", "form"}
