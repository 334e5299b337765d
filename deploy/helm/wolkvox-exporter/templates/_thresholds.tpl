{{/* The value of a threshold in the unit that its name ends with: seconds, a ratio of 0 to 1, else a plain number. */}}
{{- define "wolkvox-exporter.threshold" -}}
{{- $text := toString .value -}}
{{- if not (kindIs "string" .value) -}}
{{- $text = printf "%.12g" (float64 .value) -}}
{{- end -}}
{{- if hasSuffix "_seconds" .name -}}
{{- $seconds := 0.0 -}}
{{- if regexMatch "^[0-9]+$" $text -}}
{{- $seconds = float64 $text -}}
{{- else -}}
{{- $units := dict "y" 31536000 "w" 604800 "d" 86400 "h" 3600 "m" 60 "s" 1 "ms" 0.001 -}}
{{- range regexFindAll "[0-9]+[a-z]+" $text -1 -}}
{{- $length := regexFind "[0-9]+" . | float64 -}}
{{- $seconds = addf $seconds (mulf $length (get $units (trimPrefix (regexFind "[0-9]+" .) .))) -}}
{{- end -}}
{{- end -}}
{{- if or (lt $seconds 1.0) (gt $seconds 86400.0) -}}
{{- fail (printf "prometheusRule: %s: %s: write a duration from 1s to 1d" .name $text) -}}
{{- end -}}
{{- printf "%.12g" $seconds -}}
{{- else if hasSuffix "%" $text -}}
{{- printf "%.12g" (divf (trimSuffix "%" $text | trim | float64) 100) -}}
{{- else -}}
{{- printf "%.12g" (float64 $text) -}}
{{- end -}}
{{- end -}}

{{/* The rules that record thresholds; of several values for one operation the first counts. */}}
{{- define "wolkvox-exporter.settings" -}}
{{- $rules := list -}}
{{- $values := .Values.prometheusRule -}}
{{- $names := keys $values.thresholds -}}
{{- range $values.operations -}}
{{- $names = concat $names (keys .) -}}
{{- end -}}
{{- range $name := $names | uniq | sortAlpha -}}
{{- $alternatives := list -}}
{{- range $operation, $own := $values.operations -}}
{{- if hasKey $own $name -}}
{{- $selector := printf "{operation=%s}" (include "wolkvox-exporter.quoted" $operation) -}}
{{- $value := include "wolkvox-exporter.threshold" (dict "name" $name "value" (get $own $name)) -}}
{{- $alternatives = append $alternatives (include "wolkvox-exporter.ofOperations" (list $selector $value)) -}}
{{- end -}}
{{- end -}}
{{- if hasKey $values.thresholds $name -}}
{{- $value := include "wolkvox-exporter.threshold" (dict "name" $name "value" (get $values.thresholds $name)) -}}
{{- $alternatives = append $alternatives (include "wolkvox-exporter.ofOperations" (list "" $value)) -}}
{{- end -}}
{{- with $alternatives -}}
{{- $record := printf "operation:wolkvox_%s:setting" $name -}}
{{- $rules = append $rules (dict "record" $record "expr" (join "\nor\n" .)) -}}
{{- end -}}
{{- end -}}
{{- with $rules -}}
{{- toYaml (list (dict "name" "wolkvox-settings.rules" "rules" .)) -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.ofOperations" -}}
{{- printf "0 * group by (job, operation) (wolkvox_operation_info%s) + %s" (first .) (last .) -}}
{{- end -}}

{{/* Text as PromQL writes it; vmalert would fill in `%{…}`. */}}
{{- define "wolkvox-exporter.quoted" -}}
{{- toRawJson . | replace "%{" "\\u0025{" -}}
{{- end -}}
