{{/* A file of rules, fitted to the installation. */}}
{{- define "wolkvox-exporter.rules" -}}
{{- $root := .root -}}
{{- $rule := $root.Values.prometheusRule -}}
{{- $text := $root.Files.Get (printf "files/rules/%s/wolkvox-%s.rules.yml" $rule.language .file) -}}
{{- $law := printf "operation=~%s" (include "wolkvox-exporter.quoted" $rule.law2300.operations) -}}
{{- if eq .file "law2300" -}}
{{- $text = replace "operation=~\".+\"" $law $text -}}
{{- end -}}
{{- $groups := list -}}
{{- range $group := (include "wolkvox-exporter.fitted" (list $root $text) | fromYaml).groups -}}
{{- $rules := list -}}
{{- range .rules -}}
{{- if not (has .alert $rule.disabledAlerts) -}}
{{- if .alert -}}
{{- if not $root.Values.links.grafana -}}{{- $_ := unset .annotations "dashboard_url" -}}{{- end -}}
{{- if not $root.Values.links.runbooks -}}{{- $_ := unset .annotations "runbook_url" -}}{{- end -}}
{{- $_ := set . "labels" (merge (deepCopy $rule.alertLabels) .labels) -}}
{{- end -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
{{- with $rules -}}
{{- $groups = append $groups (merge (dict "rules" .) $group) -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}

{{/* Rules and dashboards with this release's job and addresses instead of the bundled ones. */}}
{{- define "wolkvox-exporter.fitted" -}}
{{- $values := (first .).Values -}}
{{- $text := last . | replace "job=\"wolkvox\"" (printf "job=\"%s\"" $values.monitor.job) -}}
{{- $text = $text | replace "var-job=wolkvox" (printf "var-job=%s" $values.monitor.job) -}}
{{- with $values.links.grafana -}}{{- $text = replace "https://grafana.example.com" (trimSuffix "/" .) $text -}}{{- end -}}
{{- with $values.links.runbooks -}}
{{- $text = replace "https://runbooks.example.com/wolkvox" (trimSuffix "/" .) $text -}}
{{- end -}}
{{- $text -}}
{{- end -}}
