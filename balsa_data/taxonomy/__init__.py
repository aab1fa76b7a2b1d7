"""What sounds there are, how they are named and which is a kind of which; and a matcher that finds them in text."""

from balsa_data.taxonomy.matching import Mention
from balsa_data.taxonomy.taxonomy import Sound, Taxonomy, default, extended, in_force

__all__ = ["Mention", "Sound", "Taxonomy", "default", "extended", "in_force"]
