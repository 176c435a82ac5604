"""What a journal alone can prove, and the drill that proves a backup."""
