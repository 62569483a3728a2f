"""Sound: PCM, telephone codecs, turn taking, recognition, synthesis and the spoken form of text."""
