"""Everything that the micro world draws: objects, scenery, and objects in scenery."""
