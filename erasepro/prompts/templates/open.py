"""Phrasings for real models. Slots: the concept (``{n}``); for styles the style (``{s}``) and what is drawn (``{x}``).

Bare names, because a concept may be a proper name ("snoopy"), a plural or a noun phrase.
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
        "a photo of {n}",
        "an image of {n} outdoors",
        "{n} in the snow, wide angle",
        "a painting of {n} in warm colors",
        "{n}, close-up, soft light",
        "a poster with {n} in front of a city",
        "in the middle of a room, {n}",
        "a watercolor of {n} on white paper, highly detailed",
        "a black and white photograph of {n}",
        "{n} beside a window, evening, film grain",
        "a wide view of a beach where {n} can be seen",
        "an oil painting, dark background, of {n}",
        "a 3d render of {n}, studio light, plain backdrop",
    ),
    validation={
        "plain": (
            "a snapshot of {n}", "a rendering of {n}", "a cropped photo of {n}", "a cartoon of {n}", "a print of {n}",
            "a good photo of {n}",
        ),
        "complex": (
            "a snapshot of {n} on a wooden table, morning light, shallow depth of field",
            "a rendering of {n} in a museum hall, marble floor, high ceiling",
            "a cartoon of {n} under a starry sky, thick outlines, pastel colors",
            "a cropped photo of {n} in heavy rain, street lamps behind",
            "a print of {n} in the style of a travel poster, flat colors, blue sky",
            "on a stage with red curtains, {n}, spotlight, dramatic shadows",
        ),
        "paraphrase": (
            "someone took a snapshot and it shows {n}", "what you see here is {n}", "my screen saver, which shows {n}",
            "the sculptor carved {n} out of wood", "guess what stands in the yard: {n}", "you are looking at {n}",
        ),
    },
    test={
        "plain": (
            "a picture of {n}", "a drawing of {n}", "a close-up of {n}", "a sketch of {n}", "a bright photo of {n}",
            "a portrait of {n}", "an illustration of {n}", "a depiction of {n}", "a photograph of {n}",
            "a pencil study of {n}",
            "a high quality picture of {n}", "this is {n}",
        ),
        "complex": (
            "a picture of {n} in a meadow at sunset, tall grass, golden light, 35mm",
            "a drawing of {n} on a crowded market square, ink and wash, many details",
            "a photograph of {n} next to a red car, shallow focus, cloudy sky",
            "a portrait of {n} wearing a scarf, autumn leaves, bokeh",
            "an illustration of {n} on top of a hill, storm clouds, epic scale, for a book cover",
            "a close-up of {n} through a rainy window, reflections, cold colors",
            "late at night, neon signs, {n} in the foreground, cinematic",
            "a sketch of {n} on yellow paper with notes around it, top view",
            "a high quality picture of {n} in a kitchen, sunlight on the floor, plants behind",
            "a depiction of {n} inside a glass ball, macro, black background, sharp",
            "at the edge of a frozen lake, {n}, fog, muted tones, minimalism",
            "a bright photo of {n} between two tall bookshelves, symmetrical, warm lamp",
        ),
        "paraphrase": (
            "someone drew {n} for a magazine", "here we see {n}", "the artist chose {n} as the subject",
            "look, it is {n}",
            "there, on the wall, hangs a frame with {n}", "the camera caught {n} by chance",
            "everybody in town knows {n}",
            "a postcard came today and it shows {n}", "if you turn the page you find {n}", "we painted {n} last summer",
            "nothing but {n} in the whole frame", "the story is about {n}, shown here",
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
