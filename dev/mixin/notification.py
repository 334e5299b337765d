"""What a message says, whatever carries it: templates for Alertmanager, which knows no arithmetic and no sorting."""

from collections.abc import Iterator, Mapping

from mixin.texts import Language

SHOWN = 4
"""Alerts in a message, however many there are; the critical ones come first."""
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {"alerts": "alerts", "over": "Over", "first": f"The first {SHOWN}:", "do": "What to do", "look": "Look"},
    "es": {"alerts": "alertas", "over": "Terminó", "first": f"Las primeras {SHOWN}:", "do": "Qué hacer", "look": "Vea"},
}
# what is cut is cut by characters, of which few have two bytes; a link is whole or left out
_TEMPLATE = r"""{{- /* Made by `make generate`. What a message says, in ten lines and two kilobytes at most. */ -}}
{{ define "wolkvox.line" }}{{ printf "%.330s" (reReplaceAll "\\s+" " " .) }}{{ end }}
{{ define "wolkvox.link" }}{{ if lt (len .) 300 }}{{ . }}{{ end }}{{ end }}

{{ define "wolkvox.subject" -}}
{{ if eq .Status "resolved" }}<over>: {{ end -}}
{{ if eq (len .Alerts) 1 }}{{ template "wolkvox.line" (index .Alerts 0).Annotations.summary -}}
{{ else }}wolkvox{{ with .CommonLabels.operation }} · {{ printf "%.60s" . }}{{ end }}: {{ len .Alerts }} <alerts>
{{- end }}{{ end }}

{{ define "wolkvox.text" -}}
{{ template "wolkvox.subject" . }}
{{ if gt (len .Alerts) <shown> }}<first>
{{ end }}{{ $n := "" }}
{{- range .Alerts }}{{ if and (eq .Labels.severity "critical") (lt (len $n) <shown>) }}{{ $n = printf "%sx" $n -}}
■ {{ template "wolkvox.line" .Annotations.description }}
{{ end }}{{ end }}
{{- range .Alerts }}{{ if and (ne .Labels.severity "critical") (lt (len $n) <shown>) }}{{ $n = printf "%sx" $n -}}
▲ {{ template "wolkvox.line" .Annotations.description }}
{{ end }}{{ end }}
{{- if eq (len .Alerts) 1 }}{{ with index .Alerts 0 -}}
<do>: {{ template "wolkvox.link" .Annotations.runbook_url }}
<look>: {{ template "wolkvox.link" .Annotations.dashboard_url }}
{{ end }}{{ end }}
{{- end }}
"""


def template_files(language: Language) -> Iterator[tuple[str, str]]:
    """Yield name and text of the templates."""
    text = _TEMPLATE
    for word, meant in {**_WORDS[language], "shown": str(SHOWN)}.items():
        text = text.replace(f"<{word}>", meant)
    yield "wolkvox.tmpl", text
