from model.evaluation.compliance import keeps_opening
from model.music.form import Form
from model.music.rhythm import RHYTHMS
from model.prompt import parse_prompt
from model.sampling.batch_composing import compose_all, every_prompt, opening_prompts
from model.sampling.sampler import Sampler, numbered


def test_prompts_take_every_rhythm_form_and_key_in_turn() -> None:
    prompts = every_prompt(300, 0.7, 5)
    assert {prompt.rhythm for prompt in prompts} == set(RHYTHMS)
    assert {prompt.form for prompt in prompts} == {Form(parts, bars) for parts in Form.FORMS for bars in Form.BARS}
    assert len({prompt.key for prompt in prompts}) == 12
    assert [prompt.seed for prompt in prompts] == list(range(5, 305))
    assert {prompt.temperature for prompt in prompts} == {0.7}


def test_tunes_and_failures_are_counted_and_progress_is_reported(sampler: Sampler) -> None:
    prompts = [
        *numbered(parse_prompt("D", "polka", seed=1, form="AB:4"), 2),
        parse_prompt("D", "polka", seed=1, form="AB:4", opening="#"),
    ]
    done: list[int] = []
    batch = compose_all(sampler, prompts, done.append)
    assert (batch.prompts, sorted(batch.composed), done) == (3, [0, 1], [3])
    assert [one.prompt for _, one in sorted(batch.composed.items())] == prompts[:2]
    assert batch.draws == sum(one.draws for one in batch.composed.values()) >= 2
    (failure,) = batch.failures
    assert "not ABC that can be read" in failure


def test_other_tunes_begin_with_the_first_bars_of_composed_ones(sampler: Sampler) -> None:
    composed = sampler.compose(numbered(parse_prompt("Am", "jig", seed=4, form="AB:4"), 3))
    prompts = opening_prompts(composed, 2)
    assert [prompt.seed for prompt in prompts] == [7, 8]
    for first, other in zip(composed, sampler.compose(prompts), strict=False):
        assert keeps_opening(other.tune, other.prompt)
        assert other.prompt.opening
        assert other.tune.bars != first.tune.bars
