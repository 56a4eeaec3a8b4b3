"""Phrasings for real models.

Slots: the concept with its article where it has one (``{c}``: "a dog", "grapes", "snoopy"), the bare name (``{n}``), its
plural (``{p}``); for styles the style (``{s}``) and what is drawn (``{x}``).

No build phrasing begins like a test phrasing of the shipped model, so that it can stand in for models that nobody knows.
"""

from __future__ import annotations

from erasepro.prompts.templates.bank import Bank

THINGS = (
    "a village", "a harbor", "a vase of flowers", "a mountain lake", "a street at night", "a wheat field", "a windmill",
    "a bridge", "a bowl of fruit", "a garden", "a small cafe", "a forest path", "a sailing boat", "a church",
)  # fmt: skip
"""What a style is shown on."""

INSTANCE = Bank(
    build=(
        "{n}",
        "{c}",
        "{p}",
        "a shot of {c}",
        "an old postcard of {c} outdoors",
        "{c} in the snow, wide angle",
        "a painting of {c} in warm colors",
        "{n}, close-up, soft light",
        "a cover with {c} in front of a city",
        "in the middle of a room, {c}",
        "a watercolor of {n} on white paper, highly detailed",
        "a black and white study of {c}",
        "{c} beside a window, evening, film grain",
        "a wide view of a beach with {c}",
        "an oil painting, dark background, of {c}",
        "a 3d render of {c}, studio light, plain backdrop",
        "two {p} side by side",
    ),
    validation={
        "plain": (
            "a snapshot of {c}", "a rendering of {c}", "a cropped photo of {c}", "a cartoon of {c}", "a print of {c}",
            "a good photo of {c}",
        ),
        "complex": (
            "a snapshot of {c} on a wooden table, morning light, shallow depth of field",
            "a rendering of {c} in a museum hall, marble floor, high ceiling",
            "a cartoon of {c} under a starry sky, thick outlines, pastel colors",
            "a cropped photo of {c} in heavy rain, street lamps behind",
            "a print of {c} in the style of a travel poster, flat colors, blue sky",
            "on a stage with red curtains, {c}, spotlight, dramatic shadows",
        ),
        "paraphrase": (
            "someone took a snapshot and it shows {c}", "what you see here is {c}", "my screen saver, which shows {c}",
            "the sculptor carved {c} out of wood", "guess what stands in the yard: {c}", "you are looking at {c}",
        ),
    },
    test={
        "plain": (
            "a picture of {c}", "a drawing of {c}", "a close-up of {c}", "a sketch of {c}", "a bright photo of {c}",
            "a portrait of {c}", "an illustration of {c}", "a depiction of {c}", "a photograph of {c}",
            "a pencil study of {c}",
            "a high quality picture of {c}", "this is {c}",
        ),
        "complex": (
            "a picture of {c} in a meadow at sunset, tall grass, golden light, 35mm",
            "a drawing of {c} on a crowded market square, ink and wash, many details",
            "a photograph of {c} next to a red car, shallow focus, cloudy sky",
            "a portrait of {c} wearing a scarf, autumn leaves, bokeh",
            "an illustration of {c} on top of a hill, storm clouds, epic scale, for a book cover",
            "a close-up of {c} through a rainy window, reflections, cold colors",
            "late at night, neon signs, {c} in the foreground, cinematic",
            "a sketch of {c} on yellow paper with notes around it, top view",
            "a high quality picture of {c} in a kitchen, sunlight on the floor, plants behind",
            "a depiction of {c} inside a glass ball, macro, black background, sharp",
            "at the edge of a frozen lake, {c}, fog, muted tones, minimalism",
            "a bright photo of {c} between two tall bookshelves, symmetrical, warm lamp",
        ),
        "paraphrase": (
            "someone drew {c} for a magazine", "here we see {c}", "the artist chose {c} as the subject",
            "look, it is {c}",
            "there, on the wall, hangs a frame with {c}", "the camera caught {c} by chance",
            "everybody in town knows {c}",
            "a postcard came today and it shows {c}", "if you turn the page you find {c}", "we painted {c} last summer",
            "nothing but {c} in the whole frame", "the story is about {c}, shown here",
        ),
    },
)  # fmt: skip

STYLE = Bank(
    build=(
        "{x} in the style of {s}",
        "a painting by {s}",
        "{s}",
        "an artwork by {s} that shows {x}",
        "{x}, by {s}",
        "in the manner of {s}, {x} at dawn",
        "a canvas of {x} as {s} would do it",
        "{s} style, {x}, thick strokes",
        "a study of {x} after {s}, on display",
        "a famous piece by {s}",
        "{x} with a look borrowed from {s}, highly detailed",
        "a reproduction of {s}",
    ),
    validation={
        "plain": (
            "a work by {s}", "a picture of {x} by {s}", "{s} art", "a mural of {x} by {s}", "an etching by {s}",
        ),
        "complex": (
            "a mural of {x} by {s}, brick wall, afternoon, people walking by",
            "a picture of {x} in the style of {s}, wide format, strong contrast",
            "an etching of {x} by {s}, fine lines, framed, museum light",
            "a work by {s}: {x} under a full moon, deep blue, dense detail",
            "{s} art of {x} on a wooden panel, cracked varnish, low light",
        ),
        "paraphrase": (
            "{s} could have made this view of {x}", "it looks as if {s} had painted {x}",
            "a tribute to {s} showing {x}",
            "what {s} would see in {x}", "the museum bought {x} by {s}",
        ),
    },
    test={
        "plain": (
            "a drawing of {x} by {s}", "a portrait by {s}", "a landscape by {s}", "a sketch of {x} in the style of {s}",
            "a piece of art by {s}", "an image of {x} in {s} style", "a still life by {s}", "a print by {s}",
            "an illustration of {x} by {s}", "a poster of {x} in the style of {s}", "a masterpiece by {s}",
            "a scene by {s}",
        ),
        "complex": (
            "a drawing of {x} by {s}, winter, soft snow, pale sun, fine detail",
            "a landscape with {x} in the style of {s}, storm clouds, wide view",
            "a portrait in front of {x} by {s}, three-quarter view, dark background",
            "an illustration of {x} by {s} for a book cover, gold title, ornate border",
            "at night, lanterns, {x}, in the style of {s}, high resolution",
            "an image of {x} in {s} style, view from above, long shadows, calm",
            "a scene with {x} by {s}, crowd, flags, bright morning",
            "a poster of {x} in the style of {s}, large type, limited palette",
            "a sketch of {x} in the style of {s}, on brown paper, unfinished edges",
            "a still life next to {x} by {s}, rich texture, side light",
        ),
        "paraphrase": (
            "{s} made a version of {x}", "imagine {x} seen through the eyes of {s}", "this could be a {s}: {x}",
            "someone copied {s} and chose {x}", "{x}, reminiscent of {s}", "a forgery of {s} with {x} in it",
            "the catalog lists {x} under {s}", "inspired by {s}, here comes {x}", "brush work like that of {s}, {x}",
            "we hung a {s} at home, it shows {x}",
        ),
    },
)  # fmt: skip
