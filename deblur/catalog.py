"""The one place where models are listed."""

from deblur.spec import ModelSpec, TilingPolicy, WeightsRef

DEFAULT_MODEL = "residual-unet-xs"

_TRAINED_ON = (
    "photos blurred by synthesis (CID22, CLIC 2025, GB82, elementary)",
    "GoPro train: 31 pairs",
    "GoPro train: one 240 fps clip, averaged",
)

_SPECS = (
    ModelSpec(
        name="residual-unet-xs",
        title="Residual U-Net, extra small",
        architecture="residual_unet",
        arguments={"width": 16, "blocks": 2, "levels": 4, "stem": 2},
        tiling=TilingPolicy(tile=1024, halo=128),
        size_multiple=16,
        parameters=1_068_476,
        macs_per_megapixel=17.8,
        trained_on=_TRAINED_ON,
        precisions=("fp32", "bf16", "fp16", "int8"),
        weights=(
            WeightsRef(
                "residual-unet-xs/model.onnx",
                "8f70447cfce825de1f9b64ed273a077a65e2c14d952a268945b28a08646d2a2b",
            ),
            WeightsRef(
                "residual-unet-xs/model.safetensors",
                "724924c50043f77a491b4622bb4884531e4ca9056ae53b30efd69af31bac7c4c",
            ),
            WeightsRef(
                "residual-unet-xs/model_int8.onnx",
                "041e53fd856efdc90d1342f444adbc4d18273dbc2ea17db0af702c0ab5761f6f",
                precision="int8",
            ),
        ),
    ),
    ModelSpec(
        name="residual-unet-s",
        title="Residual U-Net, small",
        architecture="residual_unet",
        arguments={"width": 24, "blocks": 2, "levels": 4, "stem": 2, "widest": 128},
        tiling=TilingPolicy(tile=1024, halo=128),
        size_multiple=16,
        parameters=1_613_140,
        macs_per_megapixel=36.2,
        trained_on=_TRAINED_ON,
        precisions=("fp32", "bf16", "fp16", "int8"),
        weights=(
            WeightsRef(
                "residual-unet-s/model.onnx",
                "a114abcbfa02569a04d1d2170bff15c0d96b2325bbc4a8794fc1de4e1ca796e1",
            ),
            WeightsRef(
                "residual-unet-s/model.safetensors",
                "7bdabc322f4f32a00b0eb403aa81fd9d420d578a5486d8007aacb85eb0d037c8",
            ),
            WeightsRef(
                "residual-unet-s/model_int8.onnx",
                "ad8e3d3bcea32ec6a10da101480967373cd1a55e64647fac53677e8be7e18779",
                precision="int8",
            ),
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
        weights=(
            WeightsRef(
                "residual-unet-m/model.onnx",
                "f83dca855ffe1c8419ae3564145f30e3910b0eccd0145fec8d0270f243549428",
            ),
            WeightsRef(
                "residual-unet-m/model.safetensors",
                "fbd7ee32209fd2f7058202711bddc24bd9004c7590b35614fdba7fdf589b9ce4",
            ),
            WeightsRef(
                "residual-unet-m/model_int8.onnx",
                "22d6398a19e1c0e5321a5a4ed39bcaed5e65c76bead89478a111943a2bb9df66",
                precision="int8",
            ),
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
        weights=(
            WeightsRef(
                "unet/model.onnx",
                "8fc3ee4ec60325b6668154780ac20c1eba3e56007e3e58d09005fb2e1fb7a720",
            ),
            WeightsRef(
                "unet/model.safetensors",
                "d59ec31241370a87a7a71266f57d0d69202a458e2dab0610ae44dc9808e379c2",
            ),
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
        weights=(
            WeightsRef(
                "gan/model.onnx",
                "58ffe93fba3eaa9df8a7e923ebe808ead0e523a1c596b725d789815b635c806c",
            ),
            WeightsRef(
                "gan/model.safetensors",
                "c5b8ac274ebb25a31fe6457a1b25a655f430fe26a5cddfc77f0a3392502e0bea",
            ),
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
        name="nafnet-gopro",
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
        weights=(
            WeightsRef(
                "srcnn/model.onnx",
                "a91fdd9e694346ccc60874382f18cd53282e1cf9ebaac7279150287d9e03f6db",
            ),
            WeightsRef(
                "srcnn/model.safetensors",
                "31ce10f1b35ca4998c8d06fa84986c74694a9c1bb0dc8fdf43ce20a63659ce12",
            ),
        ),
    ),
)

CATALOG = {spec.name: spec for spec in _SPECS}
"""Every model by name, the one to recommend first; those without weights can be trained."""
