# What every module for terraform_step.py has: three variables, handed back as outputs, and nothing made while cold.
variable "solvent_state" { type = string }
variable "solvent_token" { type = string }
variable "solvent_generation" { type = string }

output "solvent_state" { value = var.solvent_state }
output "solvent_token" { value = var.solvent_token }
output "solvent_generation" { value = var.solvent_generation }

# An example: `count` is 0 while cold, 1 otherwise; what serves exists only while hot.
resource "terraform_data" "server" {
  count = var.solvent_state == "cold" ? 0 : 1
  input = { token = var.solvent_token, size = var.solvent_state == "hot" ? 2 : 0 }
}
