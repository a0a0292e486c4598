"""The rows of the paper's tables of methods: which method, on which encoder, under which name."""

from collections.abc import Mapping
from typing import Any

from bap_core.baselines.afr import TunedAFR
from bap_core.baselines.dfr import DFR
from bap_core.baselines.dial import DIAL
from bap_core.baselines.linear_probe import LinearProbe
from bap_core.baselines.lp_ft import LPFT
from bap_core.baselines.msae import MSAE
from bap_core.baselines.prusc import PruSC
from bap_core.baselines.roboshot import RoboShot
from bap_core.baselines.texts import TextEmbeddings
from bap_core.baselines.wise_ft import WiSEFT
from bap_core.baselines.zero_shot import ZeroShot
from bap_core.encoders import Encoder
from bap_core.evaluation.protocol import Method


def compared_methods(
    encoders: Mapping[str, Encoder],
    text: TextEmbeddings,
    sae: MSAE,
    *,
    probe: LinearProbe,
    last_layer: bool = True,
    fine_tuned: LPFT | None = None,
    masks: Mapping[str, Any] | None = None,
    wise_ft_head: str = "tuned",
) -> dict[str, tuple[Encoder, Method]]:
    """Name on the tables -> (encoder, method), for `protocol.evaluate`.

    encoders: "Native", "Control" and "BAP", the untouched encoder and the two that were pre-trained
    from it. text, sae: of the untouched one. BAP's zero-shot row has the prototypes of the
    untouched encoder, whose text tower it shares. probe: settings of the three probes; AFR and DFR
    read the features that it reads. last_layer: whether these two are among the rows. fine_tuned,
    masks: the recipe of LP-FT, from which WiSE-FT and PruSC start, and PruSC's choices; None leaves
    the three out, and AFR and DFR on what LP-FT makes of the encoder ("AFR (ERM)", "DFR (ERM)").
    wise_ft_head: as for `average_wise_ft`.
    """
    native, zero_shot = encoders["Native"], ZeroShot(text.prototypes)
    rows: dict[str, tuple[Encoder, Method]] = {
        "Native (ZS)": (native, zero_shot),
        "RoboShot": (native, RoboShot(text.prototypes, text.harmful, text.helpful)),
        "DIAL": (native, DIAL(sae, text.prototypes, text.present, text.absent)),
        "BAP (ZS)": (encoders["BAP"], zero_shot),
        **{f"{name} (LP)": (encoder, probe) for name, encoder in encoders.items()},
    }
    if last_layer:
        rows["AFR"] = (native, TunedAFR(features=probe.features))
        rows["DFR"] = (native, DFR(features=probe.features))
    if fine_tuned is not None:
        rows["ERM (LP-FT)"] = (native, fine_tuned)
        rows["WiSE-FT"] = (native, WiSEFT(fine_tuned, text.prototypes, head=wise_ft_head))
        rows["PruSC"] = (native, PruSC(fine_tuned, masks or {}))
        if last_layer:
            rows["AFR (ERM)"] = (native, TunedAFR(start=fine_tuned))
            rows["DFR (ERM)"] = (native, DFR(start=fine_tuned))
    return rows
