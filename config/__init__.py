"""What an operator writes: money, plans, policies and settings; typed, validated, frozen."""
