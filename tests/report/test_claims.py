"""Claims and verdicts, on frames small enough to judge by hand."""

import numpy as np
import pandas as pd
import pytest

from bap_core import tidy
from bap_core.encoders.checkpoints import Identity
from bap_core.report import claims, criteria, paper_tables

WGA = "worst_group_accuracy"

CLIP, SIGLIP = (Identity(family, "VLM") for family in ("CLIP", "SigLIP 2"))
KNOWN = {
    "micro-clip": CLIP,
    "micro-siglip": SIGLIP,
    "micro-supervised": Identity(kind="supervised"),
    "micro-simclr": Identity(kind="self-supervised"),
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
            [dataset, encoder, method, seed, split, group, metric, value, 10]
            for seed, value in enumerate(values)
        ],
        columns=tidy.COLUMNS,
    )


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


# -- criteria --------------------------------------------------------------------------------------


def test_a_sample_has_mean_spread_and_error_counted_by_hand():
    sample = criteria.Sample((0.8, 0.9, 1.0))
    assert sample.mean == pytest.approx(0.9)
    assert sample.std == pytest.approx(0.1)
    assert sample.error == pytest.approx(0.1 / 3**0.5)


def test_one_seed_has_no_spread_and_no_error():
    assert np.isnan(criteria.Sample((0.8,)).std)
    assert criteria.Sample((0.8,)).error == 0


def test_a_difference_must_be_larger_than_its_standard_error():
    # 0.1 apart, errors 0.1 and 0.1: sqrt(0.02) = 0.141
    a, b = criteria.Sample((0.5, 0.7)), criteria.Sample((0.4, 0.6))
    assert not criteria.exceeds(a, b)
    # 0.1 apart, errors 0.05: 0.071
    assert criteria.exceeds(criteria.Sample((0.55, 0.65)), criteria.Sample((0.45, 0.55)))


@pytest.mark.parametrize("bit", [0.0, 1e-16, -1e-16])
def test_a_difference_that_equals_its_error_does_not_exceed_it_whatever_its_last_bit(bit):
    # mean difference 0.025, standard error 0.025
    one_run_better = criteria.Sample((0.6 + bit, 0.65))
    assert not criteria.exceeds(one_run_better, criteria.Sample((0.6, 0.6)))


def test_a_margin_is_asked_for_on_top_of_the_error():
    assert criteria.exceeds(criteria.Sample((0.80,)), criteria.as_sample(0.75), margin=0.04)
    assert not criteria.exceeds(criteria.Sample((0.80,)), criteria.as_sample(0.75), margin=0.06)
    assert not criteria.exceeds(criteria.Sample((0.75,)), criteria.as_sample(0.75))


def test_closeness_looks_at_the_means_alone():
    assert criteria.is_close(criteria.Sample((0.5, 0.9)), criteria.as_sample(0.71), within=0.01)
    assert not criteria.is_close(criteria.Sample((0.5, 0.9)), criteria.as_sample(0.72), within=0.01)


def test_a_curve_rises_if_its_ends_do_and_its_order_is_kept():
    ks = np.array([1, 2, 4, 8])
    assert criteria.fit_trend(ks, np.array([[0.1, 0.2, 0.3, 0.4]])).rises
    assert not criteria.fit_trend(ks, np.array([[0.4, 0.3, 0.2, 0.1]])).rises
    # rank correlation 0.4
    assert not criteria.fit_trend(ks, np.array([[0.1, 0.5, 0.2, 0.3]])).rises
    # the two seeds disagree
    assert not criteria.fit_trend(ks, np.array([[0.1, 0.2, 0.3, 0.4], [0.6, 0.4, 0.3, 0.2]])).rises


def test_the_slope_of_one_over_k_is_minus_one():
    ks = np.array([1.0, 2.0, 5.0, 10.0])
    assert criteria.fit_slopes(ks, np.stack([0.3 / ks, 0.5 / ks])).mean == pytest.approx(-1)


def test_values_agree_within_two_sigma_of_both_spreads():
    measured = criteria.Sample((0.90, 0.92))  # mean 0.91, std 0.0141
    assert criteria.is_within_noise(
        measured, 0.945, 0.012
    )  # 2 sqrt(0.012^2 + 0.0141^2) = 0.0371 > 0.035
    assert not criteria.is_within_noise(measured, 0.95, 0.012)


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
            waterbirds("micro-clip", bap_95=(0.92, 0.92), bap_100=(0.915, 0.915)),
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
            waterbirds("micro-clip", bap_95=(0.9,), bap_100=(0.95,)),
            rows("BAP (LP)", [0.1], split="val"),
        ]
    )
    assert verdicts(frame, "03_waterbirds", "micro")["lp-bap-above-90", "micro-clip"] == "holds"


def test_a_claim_about_one_family_is_judged_for_its_encoders_alone():
    frame = pd.concat(
        [
            rows(method, [value], encoder=encoder, dataset="coco-gender-95")
            for encoder in ("micro-clip", "micro-siglip")
            for method, value in (("BAP (LP)", 0.8), ("Control (LP)", 0.7))
        ]
    )
    found = verdicts(frame, "04_coco_gender", "micro")
    assert found["people-lp-bap-beats-control-95", "micro-clip"] == "holds"
    assert found["people-control-beats-lp-bap-95", "micro-siglip"] == "does not hold"
    assert ("people-lp-bap-beats-control-95", "micro-siglip") not in found
    assert ("people-control-beats-lp-bap-95", "micro-clip") not in found


def test_one_seed_is_judged_and_the_reason_says_so():
    judged = judge(
        waterbirds("micro-clip", bap_95=(0.9,), bap_100=(0.95,)), "03_waterbirds", "micro"
    )
    assert "one seed" in judged.set_index("id").loc["lp-bap-above-90"].reason


def test_a_claim_across_encoders_gives_one_row():
    frame = pd.concat(
        [
            rows("Native", [0.85], encoder="micro-clip", metric="additivity", split="all"),
            rows("Native", [0.80], encoder="micro-siglip", metric="additivity", split="all"),
        ]
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
    frame = pd.concat(
        [
            rows("Native", [value], encoder=name, metric="additivity", split="all")
            for name, value in scores.items()
        ]
    )
    found = verdicts(frame, "01_additivity", "micro")
    assert found["additivity-above-supervised", "all"] == "holds"
    assert found["additivity-above-self-supervised", "all"] == "does not hold"
    assert ("additivity-high", "micro-siglip") in found and (
        "additivity-high",
        "micro-supervised",
    ) not in found


def test_the_null_of_additivity_must_lie_below_the_score_by_the_printed_spread():
    def frame(null):
        own = rows("Native", [0.85], metric="additivity", split="all")
        return pd.concat(
            [own, rows("Native", [null], metric="additivity_object_swapped", split="all")]
        )

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
            ("cosine_object_text", 0.3 - 0.1 / k),
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
    assert found.verdict.tolist() == ["holds"] * 3
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
    assert set(verdicts(frame, "03_waterbirds", "random").values()) == {"not testable here"}


def test_unknown_scale_and_notebook_are_refused_with_the_choices():
    with pytest.raises(ValueError, match="micro, own, paper, random"):
        judge(rows("Native", [0.1]), "03_waterbirds", "small")
    with pytest.raises(ValueError, match="01_additivity"):
        judge(rows("Native", [0.1]), "99_nothing", "micro")


# -- verdicts at paper scale -----------------------------------------------------------------------


def test_at_paper_scale_the_printed_values_are_reproduced():
    frame = waterbirds(
        "clip-b16", bap_95=(0.92, 0.922), bap_100=(0.918, 0.92), control_100=(0.70, 0.73),
        native_100=(0.24, 0.25),
    )  # fmt: skip
    found = verdicts(frame, "03_waterbirds", "paper")
    assert found["lp-bap-beats-control-100", "clip-b16"] == "reproduced"
    assert found["lp-bap-above-90", "clip-b16"] == "reproduced"
    assert found["zs-bap-beats-native", "clip-b16"] == "not run"


def test_a_right_direction_with_a_wrong_value_is_not_reproduced():
    frame = waterbirds("siglip2-b16", bap_95=(0.93, 0.93), bap_100=(0.99, 0.99))
    row = judge(frame, "03_waterbirds", "paper").set_index("id").loc["lp-bap-above-90"]
    assert row.verdict == "not reproduced"
    assert "outside the noise" in row.reason


def test_each_family_is_compared_with_its_own_column():
    claim = entry("lp-bap-beats-control-100")
    assert claims.find_printed(claim, "a", "CLIP") == pytest.approx((0.918, 0.009))
    assert claims.find_printed(claim, "b", "SigLIP 2") == pytest.approx((0.768, 0.012))


def test_a_convolutional_encoder_is_compared_with_the_table_of_such_encoders_or_with_none():
    found = claims.find_printed(entry("lp-bap-beats-control-100"), "a", "CLIP", convolutional=True)
    assert found == pytest.approx((0.919, 0.012))
    assert claims.find_printed(entry("additivity-high"), "a", "CLIP", convolutional=True) is None
    frame = waterbirds("clip-convnext-w", bap_95=(0.9, 0.9), bap_100=(0.9, 0.9))
    row = judge(frame, "03_waterbirds", "paper").set_index("id").loc["lp-bap-above-90"]
    assert row.paper == "91.9 vs\N{NO-BREAK SPACE}90.0 (threshold)"


def test_a_printed_spread_of_zero_is_raised_to_the_floor():
    claim = entry("zs-bap-beats-native")
    assert claims.find_printed(claim, "a", "CLIP") == pytest.approx((0.721, 0.005))


def test_the_spread_over_composites_is_not_taken_for_an_error():
    claim = entry("additivity-high")
    assert claims.find_printed(claim, "a", "SigLIP 2") == pytest.approx((0.91, 0.01))


def test_an_encoder_of_a_family_that_the_table_has_not_is_judged_without_a_printed_value():
    claim = entry("lp-bap-beats-control-100")
    assert (
        claims.find_printed(claim, "a", "DINOv2") is None
        and claims.find_printed(claim, "a", "") is None
    )
    with pytest.raises(ValueError, match=r"0 rows of \['table2', 'table8'\] match"):
        claims.find_printed({**claim, "a": {**claim["a"], "family": "SigLip"}}, "a", "CLIP")


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
