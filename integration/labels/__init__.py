"""The return slip as a PDF: an address label above a cut line, a sheet for the parcel below it."""
