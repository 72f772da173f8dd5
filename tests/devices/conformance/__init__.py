"""What every device driver must do on every link; each protocol brings its own case."""
