"""One description for every family's model, with the files that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

IMAGE = "input: {mean: [127.5], std: [127.5]}\n"
BERT_WORDS = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nwho\nwe\nare\nhere\n"
REGEX_WORDS = "<PAD> 0\n<START> 1\n<UNKNOWN> 2\ngood 3\nbad 4\n"
REGEX = "tokenizer: {kind: regex, pattern: '[^\\w]+', vocabulary: vocab.txt}\n"
BERT = "tokenizer: {kind: bert, vocabulary: vocab.txt}\n"


@dataclass(frozen=True)
class Case:
    """What is said of one model; `findings` are the codes that its readers have against it all the same."""

    family: str
    body: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    findings: frozenset[str] = frozenset()


CASES = {
    "image_classification": Case(
        "image_classification",
        IMAGE
        + "labels: labels.txt\ntranslations: [{file: labels-de.txt, locale: de}]\nthreshold: 0.25\n"
        + "calibration: {file: scores.csv, transformation: log, default_score: 0.5}\n"
        + "files: [{file: README.md, description: About it., version: '3'}]\ncustom: [{name: trained-on, text: five photos}]\n",
        {
            "labels_txt": "a\nb\nc\nd\ne\n",
            "labels-de_txt": "ä\nbe\nce\nde\ne\n",
            "scores_csv": "1,1,0\n1,2,0,0.1\n\n1,1,1\n0.9,1,0",
            "README_md": "A model.",
        },
    ),
    "object_detection": Case(
        "object_detection", IMAGE + "labels: labels.txt\nthreshold: 0.125\n", {"labels_txt": "cat\ndog\ncow\n"}
    ),
    "pose": Case(
        "pose",
        IMAGE
        + "keypoints: points.txt\n"
        + "outputs: [{kind: keypoints, name: keypoints}, {kind: heatmaps, name: heatmaps, description: One a point.}]\n",
        {"points_txt": "nose\neye\near\n"},
    ),
    "segmentation": Case("segmentation", IMAGE + "labels: labels.txt\n", {"labels_txt": "ground\nperson\n"}),
    "style_predict": Case("style_transfer", "part: predict\ninput: {mean: [0], std: [255]}\n"),
    "style_transform": Case(
        "style_transfer", "part: transform\ninput: {mean: [0], std: [255]}\n", findings=frozenset({"task.inputs"})
    ),
    "text_classification": Case(
        "text_classification", REGEX + "labels: labels.txt\n", {"labels_txt": "bad\ngood\n", "vocab_txt": REGEX_WORDS}
    ),
    "smart_reply": Case(
        "smart_reply",
        REGEX + "replies: replies.txt\nthreshold: 0.0625\n",
        {"replies_txt": "Yes.\nNo.\nHa, ha!\n", "vocab_txt": REGEX_WORDS},
    ),
    "question_answering": Case("question_answering", BERT, {"vocab_txt": BERT_WORDS}),
    "general": Case(
        "general",
        "inputs:\n"
        "- {name: wave, description: Sound., content: {kind: audio, sample_rate: 16000, channels: 1},\n"
        "   minimum: [-1], maximum: [1], dimension_names: [batch, sample]}\n"
        "- {name: gain, content: {kind: feature}}\n"
        "outputs:\n"
        "- name: frames\n"
        "  content: {kind: bounding_box, index: [0, 2, 1, 3], box: center}\n"
        "  range: [2, 2]\n"
        "  threshold: 0.5\n"
        "  files: [{file: frames.txt, kind: axis_labels, locale: en-US, version: '7'}]\n"
        "input_groups: [{name: both, tensors: [wave, gain]}]\n",
        {
            "frames_txt": "".join(f"{number}\n" for number in range(25)),
        },
    ),
}
