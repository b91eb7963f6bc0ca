"""What people say of restored pictures, and what follows from it."""
