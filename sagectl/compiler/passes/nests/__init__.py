"""Loop nests of operators in the layouts that the schedules expect, as tensor expressions."""
