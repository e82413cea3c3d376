"""Colours of a component's text as they are on its widget's ground."""

from rich.style import Style
from textual.widget import Widget


def ink(widget: Widget, name: str) -> Style:
    """The style of a component class; a colour that lets the ground through is mixed with it."""
    styles = widget.get_component_styles(name)
    ground = widget.background_colors[1]
    if styles.has_rule("background"):
        ground += styles.background
    return styles.text_style + Style(
        color=(ground + styles.color).rich_color if styles.has_rule("color") else None,
        bgcolor=ground.rich_color if styles.has_rule("background") else None,
    )
