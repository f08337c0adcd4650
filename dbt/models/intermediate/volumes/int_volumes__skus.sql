{#
    The system SKUs that share a generation's packages. Names are kept apart by who uses them: AWS's own, the industry's
    codename (which AWS system it means is partly inference, and says so), and the code in AWS's public runtime. AWS names
    no system that it does not name here. The fabric is named as AWS names it; what the press calls it stays beside it.
#}
select
    sku_id,
    generation,
    accelerator_id,
    system_id,
    aws_name,
    industry_codename,
    codename_basis,
    runtime_code,
    scale_up_fabric,
    scale_up_topology_class,
    fabric_press_claim,
    ramp_evidence
from (
    values
    ('trn1-32xlarge', 'Trainium1', 'trainium1', 'trn1-32xlarge', 'EC2 trn1.32xlarge', null, null, 'TRN1', 'NeuronLink-v2', '2D torus', null, 'shipping since 2022-10'),
    ('trn1n-32xlarge', 'Trainium1', 'trainium1', 'trn1n-32xlarge', 'EC2 trn1n.32xlarge', null, null, 'TRN1N', 'NeuronLink-v2', '2D torus', null, 'shipping since 2023-04'),
    ('trn2-48xlarge', 'Trainium2', 'trainium2', 'trn2-48xlarge', 'EC2 trn2.48xlarge', 'Teton2 PD', 'inferred', 'TRN2', 'NeuronLink-v3', '2D torus', null, 'offered since 2024-12'),
    ('trn2n-48xlarge', 'Trainium2', 'trainium2', 'trn2n-48xlarge', 'EC2 trn2n.48xlarge', null, null, 'TRN2N', 'NeuronLink-v3', '2D torus', null, 'named in AWS tools only'),
    ('trn2-ultraserver', 'Trainium2', 'trainium2', 'trn2-ultraserver', 'Trn2 UltraServer', 'Teton2 PD Ultra 3L', 'inferred', 'TRN2U', 'NeuronLink-v3', '3D torus', null, 'offered since 2024-12, volume from 2025Q1'),
    ('trn2-pds', 'Trainium2', 'trainium2', null, null, 'Teton2 PDS', 'reported', null, 'NeuronLink-v4 + NeuronSwitch-v1', 'switched', 'NeuronLinkv3 for the switched fabric of Teton PDS and Max (SemiAnalysis, 2025-09)', 'design reported 2025-09, not offered'),
    ('trn2-max', 'Trainium2', 'trainium2', 'trn2-max', null, 'Trainium2 Max', 'reported', null, null, null, null, 'named by the supply chain for 2025H1, not offered'),
    ('trn2p', 'Trainium2', 'trainium2', 'nrt-trn2p', null, null, null, 'TRN2P', null, null, null, 'a code in the AWS runtime, not described'),
    ('trn2e', 'Trainium2', 'trainium2', 'nrt-trn2e', null, null, null, 'TRN2E', null, null, null, 'a code in the AWS runtime, not described'),
    ('trn2eu', 'Trainium2', 'trainium2', 'nrt-trn2eu', null, null, null, 'TRN2EU', null, null, null, 'a code in the AWS runtime, not described'),
    ('trn2ac', 'Trainium2', 'trainium2', 'nrt-trn2ac', null, null, null, 'TRN2AC', null, null, null, 'a code in the AWS runtime, not described'),
    ('trn2uac', 'Trainium2', 'trainium2', 'nrt-trn2uac', null, null, null, 'TRN2UAC', null, null, null, 'a code in the AWS runtime, not described'),
    ('trn3-nl16', 'Trainium3', 'trainium3', 'trn3-nl16', null, 'NL16 2D torus', 'reported', 'TRN3', null, '2D torus', null, 'a version named by one teardown'),
    ('trn3-nl32x2-3d-torus', 'Trainium3', 'trainium3', 'trn3-nl32x2-3d-torus', null, 'NL32x2 3D torus', 'reported', null, null, '3D torus', null, 'a version named by one teardown'),
    ('trn3-gen1-ultraserver', 'Trainium3', 'trainium3', 'trn3-gen1-ultraserver', 'Trn3 Gen1 UltraServer', 'Teton3 PDS', 'documented', 'TRN3PDS98', 'NeuronLink-v4 + NeuronSwitch-v1', 'switched', 'NeuronLinkv3 for the switched fabric of Teton PDS and Max (SemiAnalysis, 2025-09)', 'announced 2025-12, racks from mid 2026'),
    ('trn3-gen2-ultraserver', 'Trainium3', 'trainium3', 'trn3-gen2-ultraserver', 'Trn3 Gen2 UltraServer', 'Teton3 Max', 'reported', null, 'NeuronLink-v4 + NeuronSwitch-v1', 'switched', 'NeuronLinkv3 for the switched fabric of Teton PDS and Max (SemiAnalysis, 2025-09)', 'announced 2025-12, racks from 2026H2'),
    ('trn4-ualink', 'Trainium4', 'trainium4', 'trn4-ualink', null, 'UALink track', 'reported', null, null, 'switched', null, 'announced for 2027'),
    ('trn4-nvlink-mgx', 'Trainium4', 'trainium4', 'trn4-nvlink-mgx', null, 'NVLink Fusion track', 'reported', null, null, 'switched', null, 'announced for 2027')
) as skus (
    sku_id, generation, accelerator_id, system_id, aws_name, industry_codename, codename_basis,
    runtime_code, scale_up_fabric, scale_up_topology_class, fabric_press_claim, ramp_evidence
)
