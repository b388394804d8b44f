"""The catalogue in the words of machines: DCAT for data portals, CSV on the Web for columns, schema.org for search."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from marketplace.opendata.datasets import CSV, DATASETS, Dataset, codes_of, paths
from marketplace.settings import Settings

LICENCE = "https://creativecommons.org/licenses/by/4.0/deed.ja"
LICENCE_ID = "https://creativecommons.org/licenses/by/4.0/"
EU = "http://publications.europa.eu/resource/authority"
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}
HIDDEN = "非公表"
"""Stands in the files for a number so small that it could point at somebody."""
Node = dict[str, Any]


def catalogue(town: Settings) -> Node:
    """A dcat:Catalog as JSON-LD (https://www.w3.org/TR/vocab-dcat-3/), with its context: there is nothing to fetch."""
    base = town.base_url
    return {
        "@context": CONTEXT,
        "@id": f"{base}/data",
        "@type": "dcat:Catalog",
        "dcterms:title": [_said("まちの権利ひろば オープンデータ"), _said("Hiroba open data", "en")],
        "dcterms:description": _said(f"{town.town_name}が販売した権利と、その後のすべての公開の記録。"),
        "dcterms:publisher": _publisher(town),
        "dcterms:license": {"@id": LICENCE_ID},
        "dcterms:language": {"@id": f"{EU}/language/JPN"},
        "foaf:homepage": {"@id": base},
        "dcat:dataset": [_dataset(each, town) for each in DATASETS],
        "dcat:service": {
            "@id": f"{base}/api/openapi.json",
            "@type": "dcat:DataService",
            "dcterms:title": _said("公開API"),
            "dcat:endpointURL": {"@id": f"{base}/api/v1"},
            "dcat:endpointDescription": {"@id": f"{base}/api/openapi.json"},
        },
    }


def _dataset(dataset: Dataset, town: Settings) -> Node:
    here = town.base_url + dataset.path
    return {
        "@id": here,
        "@type": "dcat:Dataset",
        "dcterms:identifier": dataset.name,
        "dcterms:title": [_said(dataset.title_ja), _said(dataset.title_en, "en")],
        "dcterms:description": _said(f"{dataset.about}{dataset.personal}"),
        "dcterms:publisher": _publisher(town),
        "dcterms:license": {"@id": LICENCE_ID},
        "dcterms:accrualPeriodicity": {"@id": f"{EU}/frequency/{dataset.frequency}"},
        "dcterms:language": {"@id": f"{EU}/language/JPN"},
        "dcat:theme": [{"@id": f"{EU}/data-theme/{theme}"} for theme in dataset.themes],
        "dcat:keyword": [_said(word) for word in dataset.keywords],
        "dcat:landingPage": {"@id": here},
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": town.town_office,
            "vcard:hasEmail": {"@id": f"mailto:{town.town_mail}"},
        },
        "dcat:distribution": [
            {
                "@id": town.base_url + path,
                "@type": "dcat:Distribution",
                "dcterms:title": _said(file.ja or dataset.title_ja),
                "dcterms:license": {"@id": LICENCE_ID},
                "dcat:accessURL": {"@id": here},
                "dcat:downloadURL": {"@id": town.base_url + path},
                "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{file.media_type}"},
                **({"dcterms:conformsTo": {"@id": f"{here}/columns.json"}} if file.media_type == CSV else {}),
            }
            for file in dataset.files
            for path in paths(file, codes_of(dataset))
        ],
    }


def columns(dataset: Dataset, town: Settings) -> Node:
    """The columns of the CSV as a table group of CSV on the Web (https://www.w3.org/TR/tabular-metadata/)."""
    schema = {
        "columns": [
            {
                "name": quote(column.name, safe=""),  # letters, digits and "_": else percent-encoded (RFC 6570)
                "titles": [column.name],
                "dc:title": column.ja,
                **({"dc:description": column.means} if column.means else {}),
                "datatype": column.datatype,
                "null": ["", HIDDEN],
            }
            for column in dataset.columns
        ]
    }
    files = [path for file in dataset.files if file.media_type == CSV for path in paths(file, codes_of(dataset))]
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "ja"}],
        "dc:title": dataset.title_ja,
        "dc:license": {"@id": LICENCE_ID},
        "tables": [{"url": town.base_url + path, "tableSchema": schema} for path in files],
    }


def schema_org(dataset: Dataset, town: Settings) -> Node:
    """https://developers.google.com/search/docs/appearance/structured-data/dataset"""
    here = town.base_url + dataset.path
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": here,
        "name": dataset.title_ja,
        "alternateName": dataset.title_en,
        "description": f"{dataset.about}{dataset.personal}",
        "url": here,
        "license": LICENCE_ID,
        "isAccessibleForFree": True,
        "keywords": list(dataset.keywords),
        "creator": {"@type": "GovernmentOrganization", "name": town.town_name, "url": town.base_url},
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "まちの権利ひろば", "url": f"{town.base_url}/data"},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": file.media_type, "contentUrl": town.base_url + path}
            for file in dataset.files
            for path in paths(file, codes_of(dataset)[:20])
        ],
    }


def _publisher(town: Settings) -> Node:
    return {
        "@id": f"{town.base_url}/#town",
        "@type": "foaf:Organization",
        "foaf:name": [_said(town.town_name), _said(town.town_name_en, "en")],
    }


def _said(words: str, language: str = "ja") -> Node:
    return {"@value": words, "@language": language}
