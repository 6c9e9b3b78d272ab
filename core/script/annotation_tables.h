// SPDX-License-Identifier: Apache-2.0
// The types of functions and options. Private to the annotations.
#pragma once

typedef struct md_annotation {
  const char *owner, *name; // "m", "wait_for"
  const char *params;       // "types: string|string[]; options?: md.wait_for_options"
  const char *returns;      // "md.event? event; \"late\"? late"
  const char *says;         // a sentence
} md_annotation;

typedef struct md_option_type {
  const char *of;   // the step, or "*": any
  const char *name; // of the option; those that may be left out end in ?
  const char *type, *says;
} md_option_type;

// Both ended by a NULL name.
extern const md_annotation md_annotations[];
extern const md_option_type md_option_types[];
// Classes that no list is the source of: events, answers, files.
extern const char md_annotation_classes[];
