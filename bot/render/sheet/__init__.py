"""Tunes as sheet music: engraved by verovio, as pictures, pages and MusicXML."""
