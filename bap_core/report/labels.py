"""How names and numbers are written on every page: one label per metric, one order of methods,
one number format.
"""

import math

METHODS = [
    "Native",
    "Native (ZS)",
    "RoboShot",
    "DIAL",
    "BAP (ZS)",
    "Native (LP)",
    "AFR",
    "AFR (ERM)",
    "DFR",
    "DFR (ERM)",
    "ERM (LP-FT)",
    "WiSE-FT",
    "PruSC",
    "Control (LP)",
    "BAP",
    "BAP (LP)",
]
# of the studies, after those
STUDIED = [
    "Random targets (LP)",
    "BAP (LP), perfect masks",
    "BAP (LP), eroded masks",
    "BAP (LP), dilated masks",
    "BAP (LP), box masks",
]

LABELS = {
    "average_accuracy": "AVG",
    "reweighted_accuracy": "AVG (train shares)",
    "group_mean_accuracy": "AVG (groups alike)",
    "worst_group_accuracy": "WGA",
    "range_of_worst_group_accuracy": "WGA, range",
    "minority_group_accuracy": "WGA, minority groups",
    "group_accuracy": "accuracy",
    "class_accuracy": "accuracy",
    "additivity": "additivity S",
    "additivity_object_swapped": "S, object swapped",
    "additivity_background_swapped": "S, background swapped",
    "cosine_composite_object": "cos composite, object",
    "cosine_composite_background": "cos composite, background",
    "cosine_object_background": "cos object, background",
    "bsi": "BSI",
    "bsi_total": "BSI, total variance",
    "separation_class": "silhouette by class",
    "separation_background": "silhouette by background",
    "separation_scenes": "silhouette of scenes alone",
    "trustworthiness": "trustworthiness of the map",
    "cosine_object_text": "cos to object text",
    "object_margin": "cos to object text above the wrong classes'",
    "object_rank": "rank of the object's class",
    "cosine_background_text": "cos to background text",
    "residual_variance": "Var(ε)",
    "alignment_loss": "alignment loss",
    "final_loss": "loss of the last epoch",
    "last_fall": "lowered by the last epoch",
    "early_share": "share of the fall in the first third",
    "cosine_words": "cos of the two words",
    "text_additivity": "additivity of the pair",
    "text_additivity_swapped": "of the pair, background word swapped",
    "candidates": "candidates",
    "latents": "latents taken out",
    "head_cosine": "class difference in them (cos)",
    "reconstruction_accuracy": "AVG, nothing taken out",
    "explained_variance": "explained variance",
    "cosine": "cos to the original",
    "zeros": "latents at zero",
    "dead": "dead latents",
    "kept": "weights kept",
    "skipped_anchors": "anchors skipped",
    "gamma": "γ",
    "n_eff": "rows that count",
    "head_change": "change of the head",
    "waterbirds-95": "Waterbirds, 95 %",
    "waterbirds-100": "Waterbirds, 100 %",
    "coco-gender-95": "COCO people, 95 %",
    "coco-gender-100": "COCO people, 100 %",
    "counteranimal brambling/bulbul": "brambling / bulbul",
    "counteranimal ptarmigan/prairie chicken": "ptarmigan / prairie chicken",
    "places": "scenes of Places",
    "nico car/truck": "car / truck",
    "nico car/bus": "car / bus",
    "nico ship/sailboat": "ship / sailboat",
    "nico bicycle/motorcycle": "bicycle / motorcycle",
}

# Decimals of shares, whatever their size, and of counts.
FIXED = {
    **dict.fromkeys(
        ("candidates", "kept", "skipped_anchors", "zeros", "dead", "explained_variance"), 3
    ),
    "latents": 0,
}

SCALES = {
    "micro": "micro scale",
    "own": "your own pictures",
    "paper": "paper scale",
    "smoke": "smoke scale, meaningless numbers",
    "toy": "a toy on photographs, meaningless numbers",
    "random": "random weights, meaningless numbers",
}

EMPTY = "-"


def label(name) -> str:
    """The words that a page prints for a column value; unknown names stand for themselves."""
    return LABELS.get(name, str(name))


def is_accuracy(metric: str) -> bool:
    """Whether a metric is a share between 0 and 1 that pages print in percent."""
    return metric.endswith("accuracy")


def format_number(value: float, metric: str, *, beside: float | None = None) -> str:
    """A value as pages print it: accuracies in percent with one decimal, others with three
    significant places.

    ``beside``: the value whose number of decimals this one takes over (a spread follows its mean).
    """
    if value is None or math.isnan(value):
        return EMPTY
    if is_accuracy(metric):
        return f"{100 * value:.1f}"
    if metric in FIXED:
        return f"{value:.{FIXED[metric]}f}"
    size = abs(value if beside is None else beside)
    if metric == "bsi" or size >= 10:
        return f"{value:.2f}"
    return f"{value:.3f}" if size >= 0.01 or size == 0 else f"{value:.1e}"


def format_spread(mean: float, std: float, metric: str) -> str:
    """``mean ± std`` that no line break divides; the mean alone where there is no spread to
    state (one run).
    """
    if math.isnan(mean) or math.isnan(std):
        return format_number(mean, metric)
    return "\N{NO-BREAK SPACE}".join(
        [format_number(mean, metric), "±", format_number(std, metric, beside=mean)]
    )


def sort_methods(methods) -> list[str]:
    """Methods in the paper's order (zero-shot first, ours last); unknown ones follow in the
    order they came.
    """
    methods = list(dict.fromkeys(methods))
    known = [name for name in (*METHODS, *STUDIED) if name in methods]
    return known + [name for name in methods if name not in known]
