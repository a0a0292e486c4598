"""Claims and verdicts, on frames small enough to judge by hand."""

import numpy as np
import pandas as pd
import pytest

from bap_core import tidy
from bap_core.encoders.checkpoints import Identity
from bap_core.report import claims, criteria, paper_tables, printed

WGA = "worst_group_accuracy"
N = 20_000  # test pictures: so many that the runs decide

CLIP, SIGLIP = (Identity(family, "VLM") for family in ("CLIP", "SigLIP 2"))
KNOWN = {
    "micro-clip": CLIP,
    "micro-siglip": SIGLIP,
    "micro-supervised": Identity(kind="supervised"),
    "micro-simclr": Identity(kind="self-supervised"),
    "bert": Identity("BERT", "words"),
    "word2vec": Identity("Word2Vec", "words"),
    "clip-b16": CLIP,
    "siglip2-b16": SIGLIP,
    "clip-convnext-w": Identity("CLIP", "VLM", convolutional=True),
}


def judge(frame, notebook, scale):
    return claims.judge(frame, notebook, scale, KNOWN)


def entry(name):
    return next(claim for claim in paper_tables.claims()["claims"] if claim["id"] == name)


def rows(
    method,
    values,
    *,
    dataset="waterbirds-100",
    encoder="micro-clip",
    metric=WGA,
    group="all",
    split="test",
):
    return pd.DataFrame(
        [
            [dataset, encoder, method, seed, split, group, metric, value, N]
            for seed, value in enumerate(values)
        ],
        columns=tidy.COLUMNS,
    )


def additivity(value, *, encoder="micro-clip", metric="additivity", std=0.04):
    """One run over N composites with their spread: nothing is trained, so one run is enough."""
    named = {"encoder": encoder, "split": "all"}
    mean, spread = (
        rows("Native", [number], metric=name, **named)
        for name, number in ((metric, value), (f"{metric}_std", std))
    )
    return pd.concat([mean, spread])


def verdicts(frame, notebook, scale):
    judged = judge(frame, notebook, scale)
    return {(row.id, row.encoder): row.verdict for row in judged.itertuples()}


def waterbirds(encoder, *, bap_95, bap_100, control_100=(0.7, 0.7), native_100=(0.1, 0.1)):
    parts = [
        rows("BAP (LP)", bap_95, dataset="waterbirds-95", encoder=encoder),
        rows("BAP (LP)", bap_100, encoder=encoder),
        rows("Control (LP)", control_100, encoder=encoder),
        rows("Native (LP)", native_100, encoder=encoder),
    ]
    return pd.concat(parts, ignore_index=True)


def test_an_encoder_that_a_figure_was_not_measured_of_is_not_listed_unless_none_was():
    at = ("01_additivity", "micro")
    read = additivity(0.8, encoder="bert", metric="text_additivity")
    seen = additivity(0.9).assign(dataset="coco on places")
    both = pd.concat([seen, read.assign(dataset="pairs of words")], ignore_index=True)
    listed = {encoder for name, encoder in verdicts(both, *at) if "null-" in name}
    assert listed == {"micro-clip"}
    nobody = verdicts(read.assign(dataset="pairs of words"), *at)
    assert {encoder for name, encoder in nobody if "null-" in name} == {"bert"}


# -- criteria --------------------------------------------------------------------------------------


def test_a_sample_has_mean_and_spread_counted_by_hand_and_one_seed_has_none():
    sample = criteria.Sample((0.8, 0.9, 1.0), (0, 1, 2))
    assert (sample.mean, sample.std) == pytest.approx((0.9, 0.1))
    assert np.isnan(criteria.Sample((0.8,), (0,)).std)


def test_differences_are_taken_seed_by_seed_for_the_seeds_that_both_have():
    a, b = criteria.Sample((0.5, 0.7, 0.9), (0, 1, 5)), criteria.Sample((0.4, 0.1), (5, 0))
    gaps = criteria.differences(a, b)
    assert gaps.seeds == (0, 5) and gaps.values == pytest.approx((0.4, 0.5))
    above_chance = criteria.differences(a, criteria.as_sample(0.5))
    assert above_chance.values == pytest.approx((0.0, 0.2, 0.4))


def test_a_curve_rises_if_its_ends_surely_do_and_its_order_is_kept():
    ks, up = np.array([1, 2, 4, 8]), np.array([0.1, 0.2, 0.3, 0.4])
    assert criteria.fit_trend(ks, np.stack([up, up + 0.01, up + 0.02])).rises is True
    assert criteria.fit_trend(ks, np.stack([up[::-1]] * 3)).rises is False
    zigzag = np.array([0.1, 0.5, 0.2, 0.3])  # rank correlation 0.4
    assert criteria.fit_trend(ks, np.stack([zigzag] * 3)).rises is None
    assert criteria.fit_trend(ks, np.stack([up, up[::-1], up])).rises is None  # the seeds disagree
    assert criteria.fit_trend(ks, up[None]).rises is None  # one seed


def test_the_slope_of_one_over_k_is_minus_one():
    ks = np.array([1.0, 2.0, 5.0, 10.0])
    assert criteria.fit_slopes(ks, np.stack([0.3 / ks, 0.5 / ks])).mean == pytest.approx(-1)


def test_the_margin_of_equivalence_is_made_of_the_printed_spread_and_of_the_test_size_alone():
    # 2 sqrt(0.009^2 + 0.918 * 0.082 / 642)
    assert claims.equivalence_margin(0.918, 0.009, WGA, 642) == pytest.approx(0.0282, abs=1e-4)
    assert claims.equivalence_margin(0.82, 0.01, "additivity", 1000) == pytest.approx(0.02)


def test_k_is_read_from_the_group_name_and_other_names_are_refused():
    assert criteria.read_k(pd.Series(["K=1", "K=40"])).tolist() == [1, 40]
    with pytest.raises(ValueError, match="'all' is not of the form"):
        criteria.read_k(pd.Series(["all"]))


def test_a_filter_on_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match="place"):
        criteria.match_rows(rows("Native", [0.1]), {"place": "water"})


# -- verdicts at micro scale -----------------------------------------------------------------------


def test_at_micro_scale_directions_are_judged_for_each_encoder():
    frame = pd.concat(
        [
            waterbirds("micro-clip", bap_95=(0.92, 0.92), bap_100=(0.919, 0.919)),
            waterbirds("micro-siglip", bap_95=(0.92, 0.92), bap_100=(0.60, 0.60)),
        ]
    )
    found = verdicts(frame, "03_waterbirds", "micro")
    assert found["lp-bap-beats-control-100", "micro-clip"] == "holds"
    assert found["lp-bap-beats-control-100", "micro-siglip"] == "does not hold"
    assert found["lp-bap-95-equals-100", "micro-clip"] == "holds"
    assert found["lp-bap-95-equals-100", "micro-siglip"] == "does not hold"
    assert found["lp-bap-above-90", "micro-clip"] == "holds"
    assert found["native-probe-fails-at-100", "micro-siglip"] == "holds"


def test_what_was_not_measured_is_not_testable_and_says_what_is_missing():
    judged = judge(
        waterbirds("micro-clip", bap_95=(0.9,), bap_100=(0.9,)), "03_waterbirds", "micro"
    )
    row = judged.set_index("id").loc["zs-bap-beats-native"]
    assert row.verdict == "not testable here"
    assert row.reason == "no measurement of BAP (ZS) waterbirds-95"
    assert row.measured == "-"


def test_a_missing_value_counts_as_not_measured():
    frame = waterbirds("micro-clip", bap_95=(0.9,), bap_100=(float("nan"),))
    assert (
        verdicts(frame, "03_waterbirds", "micro")["lp-bap-above-90", "micro-clip"]
        == "not testable here"
    )


def test_validation_rows_do_not_count():
    frame = pd.concat(
        [
            waterbirds("micro-clip", bap_95=(0.9, 0.9), bap_100=(0.95, 0.95)),
            rows("BAP (LP)", [0.1, 0.1], split="val"),
        ]
    )
    assert verdicts(frame, "03_waterbirds", "micro")["lp-bap-above-90", "micro-clip"] == "holds"


def test_a_claim_about_one_family_is_judged_for_its_encoders_alone():
    frame = pd.concat(
        [
            rows(method, [value] * 2, encoder=encoder, dataset="coco-gender-95")
            for encoder in ("micro-clip", "micro-siglip")
            for method, value in (("BAP (LP)", 0.8), ("Control (LP)", 0.7))
        ]
    )
    found = verdicts(frame, "04_coco_gender", "micro")
    assert found["people-lp-bap-beats-control-95", "micro-clip"] == "holds"
    assert found["people-control-beats-lp-bap-95", "micro-siglip"] == "does not hold"
    assert ("people-lp-bap-beats-control-95", "micro-siglip") not in found
    assert ("people-control-beats-lp-bap-95", "micro-clip") not in found


def test_one_seed_decides_nothing_and_the_reason_says_so():
    judged = judge(
        waterbirds("micro-clip", bap_95=(0.9,), bap_100=(0.95,)), "03_waterbirds", "micro"
    )
    row = judged.set_index("id").loc["lp-bap-above-90"]
    assert row.verdict == "undecided" and "one seed" in row.reason


def test_what_is_equal_does_not_hold_however_little_it_varies():
    frame = pd.concat(
        [rows(name, (0.5, 0.5), dataset="waterbirds-95") for name in ("BAP (ZS)", "Native (ZS)")]
    )
    found = verdicts(frame.assign(n=10**12), "03_waterbirds", "micro")
    assert found["zs-bap-beats-native", "micro-clip"] != "holds"


def test_a_reason_says_what_was_needed_and_what_could_have_been_seen():
    frame = pd.concat(
        [additivity(0.80, std=3.0), additivity(0.75, std=3.0, metric="additivity_object_swapped")]
    )
    row = judge(frame, "01_additivity", "micro").set_index("id").loc["additivity-null-object"]
    # each mean has the error 3 / sqrt(20,000) = 0.0212, both together 0.03, times 1.96
    assert row.verdict == "undecided"
    assert row.reason == (
        "difference +0.050 (0.040 needed), 95 % interval -0.009 to +0.109: "
        "a difference of 0.099 or more would have been seen"
    )


def test_predictions_make_a_comparison_of_like_mistakes_sharper_than_shares_do():
    rng = np.random.default_rng(0)
    easy = rng.random(400) < 0.7
    other = easy | (rng.random(400) < 0.15)
    said = [
        pd.DataFrame(
            {
                "dataset": "waterbirds-95",
                "encoder": "micro-clip",
                "method": method,
                "seed": seed,
                "picture": [f"{i}.jpg" for i in range(400)],
                "label": 1,
                "group": [i % 4 for i in range(400)],
                "prediction": right.astype(int),
            }
        )
        for method, right in (("Native (ZS)", easy), ("BAP (ZS)", other))
        for seed in (0, 1)
    ]
    predictions = pd.concat(said)
    worst = {
        method: rows_["prediction"].groupby(rows_["group"]).mean().min()
        for method, rows_ in predictions[predictions["seed"] == 0].groupby("method")
    }
    frame = pd.concat(
        [rows(method, [value] * 2, dataset="waterbirds-95") for method, value in worst.items()]
    ).assign(n=100)
    blind = judge(frame, "03_waterbirds", "micro").set_index("id").loc["zs-bap-beats-native"]
    seeing = claims.judge(frame, "03_waterbirds", "micro", KNOWN, predictions).set_index("id")
    assert blind.verdict == "undecided"
    assert seeing.loc["zs-bap-beats-native"].verdict == "holds"


def test_a_claim_across_encoders_gives_one_row():
    frame = pd.concat(
        [additivity(0.85, encoder="micro-clip"), additivity(0.80, encoder="micro-siglip")]
    )
    assert (
        verdicts(frame, "01_additivity", "micro")["additivity-siglip-first", "all"]
        == "does not hold"
    )


def test_encoders_without_language_are_compared_with_and_not_judged_themselves():
    scores = {
        "micro-clip": 0.8,
        "micro-siglip": 0.78,
        "micro-supervised": 0.7,
        "micro-simclr": 0.82,
    }
    frame = pd.concat([additivity(value, encoder=name) for name, value in scores.items()])
    found = verdicts(frame, "01_additivity", "micro")
    assert found["additivity-above-supervised", "all"] == "holds"
    assert found["additivity-above-self-supervised", "all"] == "does not hold"
    assert ("additivity-high", "micro-siglip") in found and (
        "additivity-high",
        "micro-supervised",
    ) not in found


def test_the_null_of_additivity_must_lie_below_the_score_by_the_printed_spread():
    def frame(null):
        return pd.concat([additivity(0.85), additivity(null, metric="additivity_object_swapped")])

    assert (
        verdicts(frame(0.80), "01_additivity", "micro")["additivity-null-object", "micro-clip"]
        == "holds"
    )
    assert (
        verdicts(frame(0.82), "01_additivity", "micro")["additivity-null-object", "micro-clip"]
        == "does not hold"
    )


def test_the_k_ablation_is_judged_from_its_curves():
    parts = []
    for k in (1, 2, 4, 8):
        for metric, value in (
            ("object_margin", 0.3 - 0.1 / k),
            ("object_rank", 3 + 1 / k),
            ("cosine_background_text", 0.2 + 0.1 / k),
        ):
            parts.append(
                rows("Native", [value, value + 0.001], metric=metric, group=f"K={k}", split="all")
            )
        parts.append(
            rows(
                "Native",
                [0.4 / k, 0.5 / k],
                metric="residual_variance",
                group=f"K={k}",
                split="all",
            )
        )
    found = judge(pd.concat(parts), "02_k_ablation", "micro").set_index("id")
    assert found.verdict[found.measured != "-"].tolist() == ["holds"] * 4
    assert "slope -1.000" in found.measured["k-residual-slope"]


def test_two_values_of_k_make_no_curve():
    parts = [
        rows("Native", [0.4 / k], metric="residual_variance", group=f"K={k}", split="all")
        for k in (1, 2)
    ]
    found = verdicts(pd.concat(parts), "02_k_ablation", "micro")
    assert found["k-residual-slope", "micro-clip"] == "not testable here"


def test_random_weights_are_never_judged():
    frame = waterbirds("ViT-B-16:random", bap_95=(0.99, 0.99), bap_100=(0.99, 0.99))
    assert set(verdicts(frame, "03_waterbirds", "random").values()) == {"not judged"}


def test_unknown_scale_and_notebook_are_refused_with_the_choices():
    with pytest.raises(ValueError, match="micro, own, paper, smoke, toy, random"):
        judge(rows("Native", [0.1]), "03_waterbirds", "small")
    with pytest.raises(ValueError, match="01_additivity"):
        judge(rows("Native", [0.1]), "99_nothing", "micro")


# -- verdicts at paper scale -----------------------------------------------------------------------


def test_at_paper_scale_the_printed_values_are_reproduced():
    frame = waterbirds(
        "clip-b16", bap_95=(0.92, 0.921, 0.919), bap_100=(0.918, 0.919, 0.917),
        control_100=(0.712, 0.714, 0.716), native_100=(0.24, 0.245, 0.25),
    )  # fmt: skip
    found = verdicts(frame, "03_waterbirds", "paper")
    assert found["lp-bap-beats-control-100", "clip-b16"] == "reproduced"
    assert found["lp-bap-above-90", "clip-b16"] == "reproduced"
    assert found["zs-bap-beats-native", "clip-b16"] == "not run"


def test_a_right_direction_with_a_wrong_value_is_not_reproduced():
    frame = waterbirds("siglip2-b16", bap_95=(0.93, 0.93), bap_100=(0.99, 0.99))
    row = judge(frame, "03_waterbirds", "paper").set_index("id").loc["lp-bap-above-90"]
    assert row.verdict == "not reproduced"
    assert "outside of 1.6 around the printed 92.7" in row.reason


def test_each_family_is_compared_with_its_own_column():
    claim = entry("lp-bap-beats-control-100")
    assert printed.find_printed(claim, "a", "CLIP") == pytest.approx((0.918, 0.009))
    assert printed.find_printed(claim, "b", "SigLIP 2") == pytest.approx((0.768, 0.012))


def test_a_convolutional_encoder_is_compared_with_the_table_of_such_encoders_or_with_none():
    found = printed.find_printed(entry("lp-bap-beats-control-100"), "a", "CLIP", convolutional=True)
    assert found == pytest.approx((0.919, 0.012))
    assert printed.find_printed(entry("additivity-high"), "a", "CLIP", convolutional=True) is None
    frame = waterbirds("clip-convnext-w", bap_95=(0.9, 0.9), bap_100=(0.9, 0.9))
    row = judge(frame, "03_waterbirds", "paper").set_index("id").loc["lp-bap-above-90"]
    assert row.paper == "91.9 vs\N{NO-BREAK SPACE}90.0 (threshold)"


def test_an_encoder_with_a_row_of_its_own_is_compared_with_that_row():
    claim = entry("additivity-high")
    found = printed.find_printed(claim, "a", "CLIP", convolutional=True, backbone="ConvNeXT")
    assert found == pytest.approx((0.79, 0.01))
    assert printed.find_printed(claim, "a", "CLIP", backbone="ViT-L/14") == pytest.approx(
        (0.81, 0.01)
    )
    assert printed.find_printed(claim, "a", "SigLIP 2", backbone="ConvNeXT") is None  # not printed


def test_a_printed_spread_of_zero_is_raised_to_the_floor():
    claim = entry("zs-bap-beats-native")
    assert printed.find_printed(claim, "a", "CLIP") == pytest.approx((0.721, 0.005))


def test_the_spread_over_composites_is_not_taken_for_an_error():
    claim = entry("additivity-high")
    assert printed.find_printed(claim, "a", "SigLIP 2") == pytest.approx((0.91, 0.01))


def test_an_encoder_of_a_family_that_the_table_has_not_is_judged_without_a_printed_value():
    claim = entry("lp-bap-beats-control-100")
    assert (
        printed.find_printed(claim, "a", "DINOv2") is None
        and printed.find_printed(claim, "a", "") is None
    )
    with pytest.raises(ValueError, match=r"0 rows of \['table2', 'table8'\] match"):
        printed.find_printed({**claim, "a": {**claim["a"], "family": "SigLip"}}, "a", "CLIP")


def test_an_encoder_that_nobody_knows_is_compared_with_nothing_of_the_paper():
    frame = waterbirds("ViT-B-32:my_tag", bap_95=(0.92, 0.922), bap_100=(0.5, 0.5))
    judged = judge(frame, "03_waterbirds", "paper").set_index("id")
    assert set(judged["verdict"]) == {"holds", "does not hold", "not testable here"}
    assert judged.loc["lp-bap-beats-control-100", ["paper", "verdict"]].tolist() == [
        "-",
        "does not hold",
    ]
    judged_of = {
        name: set(
            judge(
                rows("BAP (LP)", [0.8], encoder=name, dataset="coco-gender-95"),
                "04_coco_gender",
                "paper",
            )["id"]
        )
        for name in ("siglip2-b16", "ViT-B-32:my_tag")
    }
    of_one_family = {"people-control-beats-lp-bap-95", "people-lp-bap-beats-control-95"}
    assert judged_of["siglip2-b16"] & of_one_family == {"people-control-beats-lp-bap-95"}
    assert not judged_of["ViT-B-32:my_tag"] & of_one_family


def test_of_several_readings_of_a_method_the_strongest_is_judged():
    frame = pd.concat(
        [
            rows(method, [value] * 2, dataset="waterbirds-95")
            for method, value in (("BAP (LP)", 0.8), ("AFR", 0.7), ("AFR (ERM)", 0.9))
        ]
    )
    row = judge(frame, "03_waterbirds", "micro").set_index("id").loc["lp-bap-beats-afr-95"]
    assert row.verdict == "does not hold" and "AFR (ERM)" in row.compared
    frame = frame[frame["method"] != "AFR (ERM)"]
    row = judge(frame, "03_waterbirds", "micro").set_index("id").loc["lp-bap-beats-afr-95"]
    assert row.verdict == "holds" and "(ERM)" not in row.compared


# -- every claim can come out three ways -----------------------------------------------------------

CLAIMS = paper_tables.claims()["claims"]
WITHOUT_LANGUAGE = {"supervised": "micro-supervised", "self-supervised": "micro-simclr"}


def _encoder_of(where):
    if where.get("kind") in WITHOUT_LANGUAGE:
        return WITHOUT_LANGUAGE[where["kind"]]
    of_family = {"SigLIP 2": "micro-siglip", "BERT": "bert", "Word2Vec": "word2vec"}
    return of_family.get(where.get("family"), "micro-clip")


def _side(where, values, *, group="all"):
    method = where.get("method", "Native")
    method = method[-1] if isinstance(method, list) else method
    return rows(
        method.replace("most / 6", "1500").replace("most", "9000"),
        values,
        dataset=where.get("dataset", "anything"),
        encoder=_encoder_of(where),
        metric=where["metric"],
        group=where.get("group", group),
        split=where.get("split", "all"),
    )


def _made(claim, kept, wobble):
    """A frame of three runs, ``wobble`` apart, in which a claim is kept (1), broken (-1), or just
    between the two (0).
    """
    a, b, shift = claim["a"], claim.get("b"), np.array([-wobble, 0.0, wobble])
    if claim["rule"] in ("rises", "falls", "slope"):
        ks = np.array([1.0, 2.0, 4.0, 8.0])
        sign = -1 if claim["rule"] == "falls" else 1
        rise = np.outer(sign * (0.05 * kept + shift), np.log(ks))
        if claim["rule"] == "slope":
            rise = np.outer(claim["b"] + claim["within"] * (1 - kept) + shift, np.log(ks))
        values = np.exp(rise) if claim["rule"] == "slope" else 1.0 + rise
        return pd.concat([_side(a, values[:, i], group=f"K={k:.0f}") for i, k in enumerate(ks)])
    level = b if isinstance(b, (int, float)) else 0.5
    times = b.get("times", 1) if isinstance(b, dict) else 1
    gap = claim.get("margin", 0.0) + 0.05 * kept
    gap = {"above": gap, "most": gap, "below": -gap, "close": claim.get("within", 0.0) * (1 - kept)}
    parts = [_side(a, times * level + gap[claim["rule"]] + shift)]
    return pd.concat([*parts, _side(b, [level] * 3)] if isinstance(b, dict) else parts)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["id"])
@pytest.mark.parametrize(
    "kept, wobble, verdict",
    [(1, 0.0002, "holds"), (-1, 0.0002, "does not hold"), (0, 0.03, "undecided")],
)
def test_every_claim_can_hold_can_fail_and_can_stay_undecided(
    monkeypatch, claim, kept, wobble, verdict
):
    monkeypatch.setattr(claims, "read_claims", lambda notebook: [claim])
    frame = _made(claim, kept, wobble).assign(n=10**9)
    found = verdicts(frame, claim["notebook"], "micro")
    assert {said for (name, _), said in found.items() if name == claim["id"]} - {
        "not testable here"
    } == {verdict}
