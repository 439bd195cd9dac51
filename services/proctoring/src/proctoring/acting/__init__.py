"""What a proctor does while students sit: messages, warnings, pauses, claims, chat."""
