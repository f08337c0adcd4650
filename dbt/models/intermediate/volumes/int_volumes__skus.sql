{#
    The system SKUs that share a generation's packages. The AWS name comes first; the industry's codename is a column of
    its own. Which codename is which AWS system is partly inference, and says so.
#}
select
    sku_id,
    generation,
    accelerator_id,
    system_id,
    aws_name,
    industry_codename,
    codename_basis
from (
    values
    ('trn1-32xlarge', 'Trainium1', 'trainium1', 'trn1-32xlarge', 'EC2 trn1.32xlarge', null, null),
    ('trn1n-32xlarge', 'Trainium1', 'trainium1', 'trn1n-32xlarge', 'EC2 trn1n.32xlarge', null, null),
    ('trn2-48xlarge', 'Trainium2', 'trainium2', 'trn2-48xlarge', 'EC2 trn2.48xlarge', 'Teton2 PD', 'inferred'),
    ('trn2-ultraserver', 'Trainium2', 'trainium2', 'trn2-ultraserver', 'Trn2 UltraServer', 'Teton2 PD Ultra 3L', 'inferred'),
    ('trn2-pds', 'Trainium2', 'trainium2', null, null, 'Teton2 PDS', 'reported'),
    ('trn2-max', 'Trainium2', 'trainium2', 'trn2-max', null, 'Trainium2 Max', 'reported'),
    ('trn3-nl16', 'Trainium3', 'trainium3', 'trn3-nl16', 'Trn3 NL16', null, null),
    ('trn3-nl32x2-3d-torus', 'Trainium3', 'trainium3', 'trn3-nl32x2-3d-torus', 'Trn3 NL32x2 3D torus', null, null),
    ('trn3-gen1-ultraserver', 'Trainium3', 'trainium3', 'trn3-gen1-ultraserver', 'Trn3 Gen1 UltraServer', 'Teton3 PDS', 'documented'),
    ('trn3-gen2-ultraserver', 'Trainium3', 'trainium3', 'trn3-gen2-ultraserver', 'Trn3 Gen2 UltraServer', 'Teton3 Max', 'reported'),
    ('trn4-ualink', 'Trainium4', 'trainium4', 'trn4-ualink', 'Trainium4 (UALink)', null, null),
    ('trn4-nvlink-mgx', 'Trainium4', 'trainium4', 'trn4-nvlink-mgx', 'Trainium4 (NVLink Fusion)', null, null)
) as skus (sku_id, generation, accelerator_id, system_id, aws_name, industry_codename, codename_basis)
