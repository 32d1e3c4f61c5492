"""What boxes and spans share: labels that have parts, each judged, asked about and corrected by itself."""
