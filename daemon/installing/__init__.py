"""`solvent install` and `solvent uninstall`: units and settings written, enabled, and taken back.

* `places`: where a system's and a user's units, settings, state and manifest are
* `rendering`: the files of `systemd/` with the real paths in them
* `manifest`: what was written, by digest, so that it is taken back and nothing else
* `planning`: what an install would write and run; refuses where a person has changed a file
* `carrying`: does it, and takes everything back where a part fails
* `removing`: the uninstall
* `systemctl`: the one program that is called
"""
